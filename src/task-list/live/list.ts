import type { Progress } from '../../lib/progress.ts';
import type { Stage } from '../../model/stage.ts';
import { endedLine } from '../line-display.ts';
import type { StepDisplay } from '../run.ts';
import { drawFrame, paintFrame, type Size, widthOfLine } from './frame.ts';

type Terminal = { readonly write: (text: string) => void; readonly size: () => Size };

type Track = { readonly startedAt: number; readonly items: Map<string, Progress>; said: string | undefined };

const redrawMs = 100;

/** Terminals that know it show all of a picture at once: https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036 */
const atOnce = (text: string): string => `\x1b[?2026h${text}\x1b[?2026l`;

const note = (track: Track, what: string | Progress): void => {
  if (typeof what === 'string') track.said = what;
  else if (what.phase !== undefined || track.items.has(what.name)) track.items.set(what.name, what);
  else track.said = `${what.name}: ${what.state}${what.detail ? ` ${what.detail}` : ''}`;
};

/** Draws below what stays; takes back what it drew last. The cursor stays visible: whatever kills the program, it is there. */
const makeCanvas = ({ write, size }: Terminal) => {
  let drawn: readonly string[] = [];
  return {
    draw: (kept: readonly string[], lines: readonly string[]): void => {
      const { columns } = size();
      // after the window was made smaller, a line takes several rows
      const height = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOfLine(line) / columns)), 0);
      const back = height > 0 ? `\x1b[${height}A\r\x1b[J` : '';
      drawn = lines;
      write(atOnce([back, ...[...kept, ...paintFrame(lines)].map((line) => `${line}\n`)].join('')));
    },
  };
};

/**
 * For a terminal: a line for each step that has ended, in the order of their ends, and below them a picture of those that
 * run. What has not begun is counted only. `say` adds a line that stays.
 */
export const showLive = (
  titles: readonly string[],
  terminal: Terminal,
): { readonly display: StepDisplay; readonly say: (line: string) => void } => {
  const canvas = makeCanvas(terminal);
  const tracks = new Map<string, Track>();
  const waiting = new Set(titles);
  let timer: NodeJS.Timeout | undefined;
  let turn = 0;
  const draw = (...kept: readonly string[]): void => {
    const running = [...tracks].map(([title, { startedAt, items, said }]) => ({
      ...{ title, said, items: [...items.values()] },
      elapsedMs: performance.now() - startedAt,
    }));
    turn += 1;
    canvas.draw(kept, drawFrame({ running, waiting: running.length > 0 ? waiting.size : 0, turn }, terminal.size()));
  };
  return {
    say: draw,
    display: {
      started: (title) => {
        waiting.delete(title);
        tracks.set(title, { startedAt: performance.now(), items: new Map(), said: undefined });
        timer ??= setInterval(draw, redrawMs).unref();
        draw();
      },
      reported: (title, what) => {
        const track = tracks.get(title);
        if (track) note(track, what);
      },
      ended: (stage: Stage) => {
        waiting.delete(stage.title);
        tracks.delete(stage.title);
        if (tracks.size === 0 && waiting.size === 0) clearInterval(timer);
        draw(...endedLine(stage));
      },
    },
  };
};
