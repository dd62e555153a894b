import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failuresOf, figuresTable, readFigures } from '../../scripts/fuzz/figures.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const good = {
  parser: 'ssh: lines',
  inputs: 1_000,
  accepted: 250,
  seconds: 2,
  slowest: { ms: 1.25, input: '"\u001b"' },
};
const bad = {
  ...good,
  parser: 'b',
  inputs: 3,
  accepted: 3,
  seconds: 0,
  failure: { kind: 'leak' as const, text: 'b: leak: the smallest input: ""' },
};

test('a row for each parser, and the sum', () => {
  const rows = figuresTable([good, bad])
    .split('\n')
    .map((line) => line.split(/\s{2,}/));
  expect(rows).toEqual([
    ['parser', 'inputs', 'accepted', 'inputs/s', 'crashes', 'broken promises', 'leaks', 'slowest ms', 'slowest input'],
    ['ssh: lines', '1000', '25.0%', '500', '0', '0', '0', '1.3', '"?"'],
    ['b', '3', '100.0%', '3000', '0', '0', '1', '1.3', '"?"'],
    ['all', '1003', '25.2%', '502', '0', '0', '1'],
  ]);
  expect(failuresOf([good, bad])).toEqual(['b: leak: the smallest input: ""']);
});

test('lines of JSON are read; no file is no figures', async () => {
  const path = join(await temporaryDir(), 'figures');
  expect(readFigures(path)).toEqual([]);
  await writeFile(path, `${JSON.stringify(good)}\n${JSON.stringify(bad)}\n`);
  expect(readFigures(path)).toEqual([good, bad]);
});
