import { describeLeft, type Holding } from '../../gateway/leaks/holdings.ts';
import type { MasterInfo } from '../../proof/probe/placeholder-master.ts';

export type CleanFlags = {
  /** Free what is shown. */
  readonly yes: boolean;
  /** Also what tasks hold whose Job has finished and is still there. */
  readonly ended: boolean;
};

/** One task that does not live, what it has left, and why that is not freed. */
export type Row = {
  readonly allocation: string;
  readonly state: Holding['state'];
  readonly ports: readonly number[];
  readonly left: readonly string[];
  /** When the oldest of its objects was made. */
  readonly since?: string;
  /** Undefined for what is freed. */
  readonly kept?: string;
};

/** A finished Job tells its master how the task ended: while one may come back for that, it stays unless it is asked for. */
const keptBecause = (state: Holding['state'], master: MasterInfo | undefined, ended: boolean): string | undefined => {
  if (state === 'gone') return undefined;
  if (state === 'new') return 'just made, or just ended: look again in two minutes';
  if (state === 'elsewhere') return "not this instance's: it has objects in another namespace or at another Gateway";
  if (master) return 'its Job is still there, and a master answers, which is to learn from it how the task ended';
  return ended ? undefined : 'its Job is still there, for 15 minutes after its end: --ended frees it now';
};

/** What is to be done with each task that does not live. */
export const planClean = (
  holdings: readonly Holding[],
  { master, ended }: { readonly master: MasterInfo | undefined; readonly ended: boolean },
): readonly Row[] =>
  holdings
    .filter(({ state }) => state !== 'lives')
    .map(({ allocationId, state, ports, objects, since }): Row => {
      const kept = keptBecause(state, master, ended);
      return {
        ...{ allocation: allocationId, state, ports: ports.map(({ port }) => port) },
        left: describeLeft({ ports, objects }),
        ...(since !== undefined && { since }),
        ...(kept !== undefined && { kept }),
      };
    });

const minuteMs = 60_000;

/** `3 h`, `12 min`: how long ago. */
const ageOf = (since: string | undefined, nowMs: number): string => {
  const minutes = Math.floor((nowMs - Date.parse(since ?? '')) / minuteMs);
  if (!Number.isFinite(minutes)) return '-';
  if (minutes < 120) return `${Math.max(0, minutes)} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60 / 24)} d`;
};

const stateTexts: Readonly<Record<Holding['state'], string>> = {
  gone: 'no Job, no pod',
  ended: 'Job has finished',
  new: 'too new',
  elsewhere: 'of others',
  lives: 'lives',
};

const columns = ['PORTS', 'TASK', 'AGE', 'STATE', 'LEFT'] as const;

/** A table with a line for each task; what is left of it stands below each other. */
export const renderRows = (rows: readonly Row[], nowMs: number): string => {
  const cells = rows.flatMap(({ allocation, state, ports, left, since, kept }) => {
    const first = [ports.join(', ') || '-', allocation, ageOf(since, nowMs), stateTexts[state], left[0] ?? '-'];
    const more = left.slice(1).map((one) => ['', '', '', '', one]);
    return [first, ...more, ...(kept === undefined ? [] : [['', '', '', '', `(stays: ${kept})`]])];
  });
  const all = [[...columns], ...cells];
  const widths = columns.map((_, index) => Math.max(...all.map((line) => line[index]?.length ?? 0)));
  return all
    .map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
