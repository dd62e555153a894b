import { existsSync, globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { problemsOf, raise, scoresOf, tableOf, unlisted } from '../../scripts/mutation/scores.ts';
import thresholdsOfToday from '../../scripts/mutation/thresholds.json' with { type: 'json' };

const mutants = (...statuses: readonly string[]) => ({ mutants: statuses.map((status) => ({ status })) });
const report = {
  files: {
    'src/proof/dial.ts': mutants('Killed', 'Timeout', 'Survived'),
    'src/proof/diagnosis/find.ts': mutants('Killed', 'NoCoverage', 'Ignored', 'RuntimeError', 'CompileError'),
    'src/proofs/other.ts': mutants('Survived'),
  },
};

test('a file belongs to the longest folder of its path, and only what was judged counts', () => {
  expect(scoresOf(report, { 'src/proof': 66, 'src/proof/diagnosis': 51, 'src/lib': 90 })).toEqual([
    { folder: 'src/proof', killed: 2, alive: 1, score: 66.6, least: 66 },
    { folder: 'src/proof/diagnosis', killed: 1, alive: 1, score: 50, least: 51 },
  ]);
});

test('a file may have a threshold of its own, and its folder is judged without it', () => {
  expect(scoresOf(report, { 'src/proof': 50, 'src/proof/diagnosis/find.ts': 95 })).toMatchObject([
    { folder: 'src/proof', killed: 2, alive: 1 },
    { folder: 'src/proof/diagnosis/find.ts', killed: 1, alive: 1, least: 95 },
  ]);
});

test('thresholds rise by whole per cents, and never fall', () => {
  const thresholds = { 'src/lib': 90, 'src/proof': 60, 'src/proof/diagnosis': 51 };
  expect(raise(thresholds, scoresOf(report, thresholds))).toEqual({
    ...{ 'src/lib': 90, 'src/proof': 66, 'src/proof/diagnosis': 51 },
  });
});

test('the table names what is too low, what was not measured, and has the sum', () => {
  const thresholds = { 'src/proof': 50, 'src/proof/diagnosis': 51, 'src/proofs': 0, 'src/lib': 90 };
  expect(tableOf(scoresOf(report, thresholds), thresholds)).toEqual([
    'folder               killed   alive    score  at least',
    'src/proof                 2       1   66.6 %   50 %  not measured yet',
    'src/proof/diagnosis       1       1   50.0 %   51 %  too low',
    'src/proofs                0       1    0.0 %    0 %',
    'src/lib                   0       0      - %   90 %  no mutant was judged',
    'all                       3       3   50.0 %',
  ]);
});

test('a table of nothing has no score', () => {
  expect(tableOf([], {}).at(-1)).toBe('all          0       0      - %');
});

const others = { 'src/proofs': 0 };
test.each<[string, Parameters<typeof problemsOf>[0], readonly string[]]>([
  ['a score at its threshold', { report, thresholds: { 'src/proof': 60, ...others }, all: undefined }, []],
  [
    'a score below it',
    { report, thresholds: { 'src/proof': 60.1, ...others }, all: undefined },
    ['src/proof: 60.0 %, at least 60.1 %'],
  ],
  ['an empty report', { report: { files: {} }, thresholds: others, all: undefined }, ['no mutant was judged']],
  [
    'a report in which nothing was judged',
    { report: { files: { 'src/proofs/a.ts': mutants('Ignored') } }, thresholds: others, all: undefined },
    ['no mutant was judged'],
  ],
  [
    'a listed folder without mutants, of a run of all',
    { report, thresholds: { 'src/proof': 0, 'src/lib': 90, ...others }, all: [] },
    ['src/lib: no mutant was judged'],
  ],
  [
    'the same of a run of some',
    { report, thresholds: { 'src/proof': 0, 'src/lib': 90, ...others }, all: undefined },
    [],
  ],
  [
    'a file in no listed folder: of the report, or of src',
    { report, thresholds: { 'src/proof': 0 }, all: ['src/proof/dial.ts', 'src/new/a.ts'] },
    ['src/new/a.ts', 'src/proofs/other.ts'].map((path) => `${path}: in no folder that has a threshold`),
  ],
])('%s', (_, measured, problems) => {
  expect(problemsOf(measured)).toEqual(problems);
});

test('each file of src has a threshold today, and each threshold files', () => {
  expect(unlisted(globSync('src/**/*.ts'), thresholdsOfToday)).toEqual([]);
  expect(Object.keys(thresholdsOfToday).filter((path) => !existsSync(path))).toEqual([]);
});
