/** What is read of a mutation report (mutation-testing-report-schema). */
export type Report = {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>;
};

export type Score = {
  /** Or a file. */
  readonly folder: string;
  readonly killed: number;
  readonly alive: number;
  /** Per cent, rounded down to a tenth; 100 without mutants. */
  readonly score: number;
  readonly least: number;
};

const killed = ['Killed', 'Timeout'];
const alive = ['Survived', 'NoCoverage'];

/** The file itself, where it has a threshold of its own, or the longest folder that it is in. */
const folderOf = (path: string, folders: readonly string[]): string | undefined =>
  folders.filter((folder) => path === folder || path.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length)[0];

/**
 * The part of mutants that tests kill, for each folder or file that has a threshold and mutants in the report. A mutant that ends
 * in a time-out is killed; one that was not judged (ignored, no valid program) does not count.
 */
export const scoresOf = ({ files }: Report, thresholds: Readonly<Record<string, number>>): readonly Score[] => {
  const folders = Object.keys(thresholds);
  const statuses = Object.entries(files).flatMap(([path, { mutants }]) =>
    mutants.map(({ status }) => ({ folder: folderOf(path, folders), status })),
  );
  return folders.toSorted().flatMap((folder) => {
    const own = statuses.filter((one) => one.folder === folder);
    const count = (kinds: readonly string[]): number => own.filter(({ status }) => kinds.includes(status)).length;
    const [dead, left] = [count(killed), count(alive)];
    if (dead + left === 0) return [];
    const score = Math.floor((1_000 * dead) / (dead + left)) / 10;
    return [{ folder, killed: dead, alive: left, score, least: thresholds[folder] ?? 0 }];
  });
};

/** The thresholds with each that was passed by a whole per cent or more raised to it. None ever falls. */
export const raise = (
  thresholds: Readonly<Record<string, number>>,
  scores: readonly Score[],
): Readonly<Record<string, number>> => ({
  ...thresholds,
  ...Object.fromEntries(scores.map(({ folder, score, least }) => [folder, Math.max(least, Math.floor(score))])),
});

/** The table of scores as lines, with the sum. */
export const tableOf = (scores: readonly Score[]): readonly string[] => {
  const width = Math.max(...scores.map(({ folder }) => folder.length), 6);
  const line = (name: string, dead: number, left: number, rest: string): string =>
    `${name.padEnd(width)}  ${String(dead).padStart(6)}  ${String(left).padStart(6)}  ${rest}`;
  const [dead, left] = [scores.reduce((n, s) => n + s.killed, 0), scores.reduce((n, s) => n + s.alive, 0)];
  const percent = (score: number): string => `${score.toFixed(1).padStart(5)} %`;
  return [
    `${'folder'.padEnd(width)}  killed   alive    score  at least`,
    ...scores.map(({ folder, killed, alive, score, least }) =>
      line(
        folder,
        killed,
        alive,
        `${percent(score)}  ${String(least).padStart(3)} %${score < least ? '  too low' : ''}`,
      ),
    ),
    line('all', dead, left, percent(dead + left === 0 ? 100 : (100 * dead) / (dead + left))),
  ];
};
