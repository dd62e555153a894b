import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileWorkMs, unseenWorkMs } from '../../../src/cluster/images/deadline.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test.each([
  ['nothing', 0, 180_000],
  ['a byte', 1, 180_001],
  ['1 GB', 1e9, 680_000],
  ['20 GB, of which a slow disk makes hours', 20e9, 10_180_000],
])('%s', (_, bytes, ms) => {
  expect(unseenWorkMs(bytes, 180_000)).toBe(ms);
});

test('of a file its size counts; what cannot open it says so', async () => {
  const path = join(await temporaryDir(), 'images.tar');
  expect(await fileWorkMs(path, 5_000)).toBe(5_000);
  await writeFile(path, '');
  await truncate(path, 2e6);
  expect(await fileWorkMs(path, 5_000)).toBe(6_000);
});
