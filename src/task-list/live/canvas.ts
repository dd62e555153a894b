import { paintFrame, type Size, widthOfLine } from './frame.ts';

/** What a live list is drawn on. */
export type Terminal = { readonly write: (text: string) => void; readonly size: () => Size };

export type Canvas = { readonly draw: (kept: readonly string[], lines: readonly string[]) => void };

/** Terminals that know it show all of a picture at once: https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036 */
const atOnce = (text: string): string => `\x1b[?2026h${text}\x1b[?2026l`;

/**
 * Draws below what stays; takes back what it drew last. The cursor stays visible: whatever kills the program, it is there.
 * Tested in test/task-list/live/list.test.ts.
 */
export const makeCanvas = ({ write, size }: Terminal): Canvas => {
  let drawn: readonly string[] = [];
  return {
    draw: (kept, lines) => {
      if (kept.length + lines.length + drawn.length === 0) return;
      const { columns } = size();
      // after the window was made smaller, a line takes several rows
      const height = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOfLine(line) / columns)), 0);
      const back = height > 0 ? `\x1b[${height}A\r\x1b[J` : '';
      drawn = lines;
      write(atOnce([back, ...[...kept, ...paintFrame(lines)].map((line) => `${line}\n`)].join('')));
    },
  };
};
