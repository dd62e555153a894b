import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findConnectionLimit } from '../../../src/tunnel/relay/slots.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test.each([
  ['20000', 512],
  ['1424', 512],
  ['1024', 312],
  ['200', 16],
  ['unlimited', 512],
])('with %s open files: %s connections', async (files, expected) => {
  const path = join(await temporaryDir(), 'limits');
  await writeFile(path, `Max processes  5  5  processes\nMax open files            ${files}   ${files}   files\n`);
  expect(findConnectionLimit(path)).toBe(expected);
});

test('without /proc there is only the usual limit', () => {
  expect(findConnectionLimit('/no/such/limits')).toBe(512);
});
