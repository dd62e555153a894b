/** What is read of a mutation report (mutation-testing-report-schema). */
export type Report = {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>;
};

export type Score = {
  /** Or a file. */
  readonly folder: string;
  readonly killed: number;
  readonly alive: number;
  /** Per cent, rounded down to a tenth. */
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

/** What stands in the list until a folder has been measured. */
const placeholder = 50;

/** Listed folders and files without a mutant that was judged. */
const foldersWithout = (scores: readonly Score[], thresholds: Readonly<Record<string, number>>): readonly string[] =>
  Object.keys(thresholds)
    .filter((folder) => !scores.some((score) => score.folder === folder))
    .toSorted();

/** Files of src that no threshold is for. */
export const unlisted = (paths: readonly string[], thresholds: Readonly<Record<string, number>>): readonly string[] =>
  paths.filter((path) => folderOf(path, Object.keys(thresholds)) === undefined).toSorted();

export type Measured = {
  readonly report: Report;
  readonly thresholds: Readonly<Record<string, number>>;
  /** The files of src, of a run of all of them; undefined of a run of some. */
  readonly all: readonly string[] | undefined;
};

/** What makes a run fail, a line each: a score below its threshold, and what was not measured at all. */
export const problemsOf = ({ report, thresholds, all }: Measured): readonly string[] => {
  const scores = scoresOf(report, thresholds);
  const low = scores.filter(({ score, least }) => score < least);
  const paths = new Set([...Object.keys(report.files), ...(all ?? [])]);
  return [
    ...(scores.length === 0 ? ['no mutant was judged'] : []),
    ...low.map(({ folder, score, least }) => `${folder}: ${score.toFixed(1)} %, at least ${least} %`),
    ...(all === undefined ? [] : foldersWithout(scores, thresholds).map((folder) => `${folder}: no mutant was judged`)),
    ...unlisted([...paths], thresholds).map((path) => `${path}: in no folder that has a threshold`),
  ];
};

/** The thresholds with each that was passed by a whole per cent or more raised to it. None ever falls. */
export const raise = (
  thresholds: Readonly<Record<string, number>>,
  scores: readonly Score[],
): Readonly<Record<string, number>> => ({
  ...thresholds,
  ...Object.fromEntries(scores.map(({ folder, score, least }) => [folder, Math.max(least, Math.floor(score))])),
});

const remarkOf = ({ score, least }: Score): string => {
  if (score < least) return '  too low';
  return least === placeholder ? '  not measured yet' : '';
};

/** The table of scores as lines, with the sum. A folder that was not measured has no score, or a threshold that says nothing. */
export const tableOf = (scores: readonly Score[], thresholds: Readonly<Record<string, number>>): readonly string[] => {
  const width = Math.max(...Object.keys(thresholds).map((folder) => folder.length), 6);
  const line = (name: string, dead: number, left: number, rest: string): string =>
    `${name.padEnd(width)}  ${String(dead).padStart(6)}  ${String(left).padStart(6)}  ${rest}`;
  const [dead, left] = [scores.reduce((n, s) => n + s.killed, 0), scores.reduce((n, s) => n + s.alive, 0)];
  const percent = (score: number): string => `${score.toFixed(1).padStart(5)} %`;
  const atLeast = (least: number): string => `${String(least).padStart(3)} %`;
  return [
    `${'folder'.padEnd(width)}  killed   alive    score  at least`,
    ...scores.map((one) =>
      line(one.folder, one.killed, one.alive, `${percent(one.score)}  ${atLeast(one.least)}${remarkOf(one)}`),
    ),
    ...foldersWithout(scores, thresholds).map((folder) =>
      line(folder, 0, 0, `    - %  ${atLeast(thresholds[folder] ?? 0)}  no mutant was judged`),
    ),
    line('all', dead, left, dead + left === 0 ? '    - %' : percent((100 * dead) / (dead + left))),
  ];
};
