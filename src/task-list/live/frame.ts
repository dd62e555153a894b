import { styleText } from 'node:util';
import { describeProgress, formatElapsed, type Progress } from '../../lib/progress.ts';
import { plain } from '../../lib/text/plain.ts';

/** What a running step has told about its work. */
export type Running = {
  readonly title: string;
  readonly elapsedMs: number;
  /** Its items, each as it is now. */
  readonly items: readonly Progress[];
  /** What it said last that is about no item. */
  readonly said?: string | undefined;
};

export type Picture = {
  readonly running: readonly Running[];
  /** How many steps have not begun. */
  readonly waiting: number;
  /** What the spinner shows. */
  readonly mark: string;
};

export type Size = { readonly columns: number; readonly rows: number };

const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

const widthOf = (character: string): number => (wide.test(character) ? 2 : 1);

/** Columns that a line takes. */
export const widthOfLine = (line: string): number => [...line].reduce((sum, one) => sum + widthOf(one), 0);

const cut = (line: string, columns: number): string => {
  let width = 0;
  let text = '';
  for (const character of line) {
    width += widthOf(character);
    if (width > columns - 1) return `${text}…`;
    text += character;
  }
  return text;
};

/** A row for each item at work, and one for those that wait; what is done is counted. */
const rowsOf = ({ items, said }: Running): readonly string[] => {
  const waiting = items.filter(({ phase }) => phase === 'waiting');
  const done = items.filter(({ phase }) => phase === 'done').length;
  const moving = items.filter(({ phase }) => phase !== 'waiting' && phase !== 'done');
  const rows = [...moving.map(describeProgress), ...(said === undefined ? [] : [said])];
  if (waiting.length > 0) rows.push(`waiting: ${waiting.map(({ name }) => name).join(', ')}`);
  if (moving.length + waiting.length > 0 && done > 0) rows.push(`${done} of ${items.length} done`);
  return rows.map((row) => `  › ${plain(row)}`);
};

/** Leaves out rows of items, then steps, until a picture fits. */
const fitInto = (steps: readonly (readonly string[])[], height: number): readonly string[] => {
  const all = steps.flat();
  if (all.length <= height) return all;
  const heads = steps.flatMap(([head]) => head ?? []);
  const left = Math.max(0, height - heads.length);
  if (left === 0) return heads.slice(0, Math.max(1, height));
  const share = Math.max(1, Math.floor(left / steps.length));
  return steps.flatMap(([head, ...rows]) => [head ?? '', ...rows.slice(0, share)]).slice(0, height);
};

/**
 * The lines below what has ended: the running steps with what each works on, and how many are still to come; never more
 * than the window shows.
 */
export const drawFrame = ({ running, waiting, mark }: Picture, { columns, rows }: Size): readonly string[] => {
  const steps = running.map((one) => {
    const clock = one.elapsedMs < 1_000 ? '' : `  ${formatElapsed(one.elapsedMs)}`;
    return [`${mark} ${one.title}${clock}`, ...rowsOf(one)];
  });
  const tail = waiting > 0 ? [`◦ ${waiting} more ${waiting === 1 ? 'step' : 'steps'}`] : [];
  // the line below the last one is the cursor's
  const height = Math.max(1, rows - 1 - tail.length);
  return [...fitInto(steps, height), ...tail].slice(0, Math.max(1, rows - 1)).map((line) => cut(line, columns));
};

/** The same with colours: what is no step's own line is dim. */
export const paintFrame = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => {
    const isStep = !line.startsWith(' ') && !line.startsWith('◦');
    const stream = process.stderr;
    return isStep ? styleText('cyan', line[0] ?? '', { stream }) + line.slice(1) : styleText('dim', line, { stream });
  });
