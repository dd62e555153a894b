import { expect, test } from 'vitest';
import { raise, scoresOf, tableOf } from '../../scripts/mutation/scores.ts';

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

test('the table names what is too low, and has the sum', () => {
  expect(tableOf(scoresOf(report, { 'src/proof': 66, 'src/proof/diagnosis': 51 }))).toEqual([
    'folder               killed   alive    score  at least',
    'src/proof                 2       1   66.6 %   66 %',
    'src/proof/diagnosis       1       1   50.0 %   51 %  too low',
    'all                       3       2   60.0 %',
  ]);
});
