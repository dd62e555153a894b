import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { describeLeft, leaveDatabase } from '../../../src/commands/master/database.ts';
import { determinedPaths } from '../../../src/instance/paths.ts';
import { isThere } from '../../../src/lib/files.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const makeDatabases = async ({ url, data }: { readonly url: boolean; readonly data: boolean }) => {
  const dir = await temporaryDir();
  const { databaseDir, databaseUrlPath, determinedDir } = determinedPaths(dir);
  await mkdir(data ? databaseDir : determinedDir, { recursive: true });
  if (url) await writeFile(databaseUrlPath, 'postgres://me:pw@h/d\n');
  const left = async () => ({ url: await isThere(databaseUrlPath), data: await isThere(databaseDir) });
  return { dir, left };
};

const yours = 'your own database is left as it is, and its address forgotten';
const kept = "the data of the instance's database is kept; --remove-data removes it";
const removed = "the data of the instance's database was removed";

test.each([
  [{ url: true, data: false }, false, yours, false],
  [{ url: true, data: false }, true, yours, false],
  [{ url: true, data: true }, false, `${yours}; ${kept}`, true],
  [{ url: true, data: true }, true, `${yours}; ${removed}`, false],
  [{ url: false, data: true }, false, kept, true],
  [{ url: false, data: true }, true, removed, false],
  [{ url: false, data: false }, true, 'the instance has no database', false],
])('given up with %j, remove data: %s', async (made, removeData, text, data) => {
  const { dir, left } = await makeDatabases(made);
  expect(describeLeft(await leaveDatabase({ dir }, { removeData }))).toBe(text);
  expect(await left()).toEqual({ url: false, data });
});
