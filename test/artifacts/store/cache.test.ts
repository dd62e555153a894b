import { cp, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findStamp, findStored, storeItem } from '../../../src/artifacts/store/cache.ts';
import { makeTrust, noPins } from '../../../src/artifacts/store/trust.ts';
import { sha256 } from '../../../src/lib/files.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const land = async () => {
  const cacheDir = await temporaryDir();
  const made = join(cacheDir, 'scratch/k/item');
  await mkdir(join(made, 'bin'), { recursive: true });
  await writeFile(join(made, 'bin/tool'), 'tool');
  await symlink('tool', join(made, 'bin/link'));
  const stored = await storeItem(cacheDir, { key: 'k', dir: made, source: 'go' });
  return { cacheDir, stored, tool: join(stored.dir, 'bin/tool') };
};

test('an item lands whole, with a stamp of its files and links', async () => {
  const { cacheDir, stored } = await land();
  expect(stored.dir).toBe(join(cacheDir, 'items/k'));
  expect(await findStored(cacheDir, { key: 'k' }, noPins)).toEqual(stored);
  expect(await findStamp(stored.dir)).toMatchObject({
    key: 'k',
    source: 'go',
    files: [{ path: 'bin/tool', size: 4 }],
    links: [{ path: 'bin/link', target: 'tool' }],
  });
});

test('an item of another key in its folder is not taken for it', async () => {
  const { cacheDir, stored } = await land();
  await cp(stored.dir, join(cacheDir, 'items', 'k2'), { recursive: true, verbatimSymlinks: true });
  expect(await findStored(cacheDir, { key: 'k2' }, noPins)).toBeUndefined();
});

test('accepts a copied cache by its content, but not a changed file', async () => {
  const { cacheDir, tool } = await land();
  await utimes(tool, 1, 1);
  expect(await findStored(cacheDir, { key: 'k' }, noPins)).toBeDefined();
  await writeFile(tool, 'toll');
  expect(await findStored(cacheDir, { key: 'k' }, noPins)).toBeUndefined();
  await writeFile(tool, 'longer');
  expect(await findStored(cacheDir, { key: 'k' }, noPins)).toBeUndefined();
});

test('a missing file or a link to nowhere makes the item absent', async () => {
  const { cacheDir, stored, tool } = await land();
  await rm(tool);
  expect(await findStored(cacheDir, { key: 'k' }, noPins)).toBeUndefined();
  expect(await findStored(cacheDir, { key: 'never' }, noPins)).toBeUndefined();
  await writeFile(join(stored.dir, 'stamp.json'), '{ half');
  expect(await findStored(cacheDir, { key: 'k' }, noPins)).toBeUndefined();
});

test('a damaged item is replaced', async () => {
  const { cacheDir, tool } = await land();
  await writeFile(tool, 'damaged');
  const made = join(cacheDir, 'scratch/k/item');
  await mkdir(made, { recursive: true });
  await writeFile(join(made, 'new'), 'new');
  const { dir } = await storeItem(cacheDir, { key: 'k', dir: made, source: 'release' });
  expect(await readFile(join(dir, 'new'), 'utf8')).toBe('new');
  expect(await findStored(cacheDir, { key: 'k' }, noPins)).toMatchObject({ source: 'release' });
});

test('an item that was downloaded before its pin was known counts only if it is what is pinned', async () => {
  const { cacheDir } = await land();
  const made = join(cacheDir, 'scratch/k/item');
  await mkdir(made, { recursive: true });
  await writeFile(join(made, 'tool'), 'tool');
  const url = 'https://publisher/tool';
  await storeItem(cacheDir, { key: 'k', dir: made, source: 'release' });
  const find = (sha: string) =>
    findStored(cacheDir, { key: 'k', publishedAt: { tool: url } }, makeTrust({ files: { [url]: sha }, images: {} }));
  expect(await find(sha256('tool'))).toBeDefined();
  expect(await find(sha256('loot'))).toBeUndefined();
});
