import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ArtifactSource } from '../../../src/artifacts/item.ts';
import { goDirs } from '../../../src/artifacts/store/build-caches.ts';
import { fillCache } from '../../../src/artifacts/store/ensure.ts';
import { listCache, measureCache, pruneCache } from '../../../src/artifacts/store/usage.ts';
import { withLock } from '../../../src/lib/process/lock.ts';
import { fails, gives, item, refusal, setUpFilling } from '../../support/artifacts/filling.ts';
import { failureOf } from '../../support/failure-of.ts';

const idle = new AbortController().signal;
const busy = (pid: number): never => {
  throw new Error(`process ${pid} fills it`);
};

/** Leaves modules, as the go command does. */
const compiled = (content: string): ArtifactSource => ({
  name: 'go',
  make: async (dir, work) => {
    await fill(work.cacheDir, 'go/mod/k8s.io/api@v1/doc.go');
    await gives('go', content).make(dir, work);
  },
});

const fill = async (cacheDir: string, path: string, bytes = 10_000): Promise<void> => {
  await mkdir(dirname(join(cacheDir, path)), { recursive: true });
  await writeFile(join(cacheDir, path), Buffer.alloc(bytes, 1));
};

const filledCache = async () => {
  const { filling } = await setUpFilling();
  const { cacheDir } = filling;
  const paths = [
    'items/new/bin',
    'items/old/bin',
    'items/used/bin',
    'go/build/aa/x',
    'partial/y',
    'node/24/node',
    'scratch/z/f',
  ];
  for (const path of paths) await fill(cacheDir, path);
  return cacheDir;
};

test('once all is built, what the builds left goes away', async () => {
  const { filling } = await setUpFilling();
  await fillCache({ etcd: item('etcd', compiled('built')) }, filling);
  expect(await readdir(filling.cacheDir)).not.toContain('go');
});

test('a build that failed, and a fill that built nothing, leave it: an unfinished build goes on with it', async () => {
  const { filling } = await setUpFilling();
  const wanted = { etcd: item('etcd', compiled('built')), bad: item('bad', fails('release', refusal('no'))) };
  await failureOf(fillCache(wanted, filling));
  await fill(filling.cacheDir, 'go/mod/x');
  await fillCache({ image: item('image', gives('release', 'downloaded')) }, filling);
  expect(await readdir(goDirs(filling.cacheDir).dir)).toContain('mod');
});

test('the list has each item, what builds and downloads left, and everything else, as the disk has it', async () => {
  const cacheDir = await filledCache();
  const entries = await listCache(cacheDir);
  expect(entries.map(({ kind, key }) => key ?? kind).toSorted()).toEqual(
    ['build', 'build', 'download', 'other', 'new', 'old', 'used'].toSorted(),
  );
  for (const { bytes } of entries) expect(bytes).toBeGreaterThanOrEqual(10_000);
  const { itemBytes, hasBuildCaches } = await measureCache(cacheDir);
  expect(itemBytes).toBeGreaterThanOrEqual(30_000);
  expect(hasBuildCaches).toBe(true);
});

test('pruning removes what builds and downloads left and the items that need not stay, and nothing else', async () => {
  const cacheDir = await filledCache();
  const removed = await pruneCache(cacheDir, { signal: idle, onBusy: busy, isKept: (key) => key !== 'old' });
  expect(removed.map(({ path }) => path.slice(cacheDir.length + 1)).toSorted()).toEqual([
    'go',
    'items/old',
    'partial',
    'scratch',
  ]);
  expect((await readdir(cacheDir)).toSorted()).toEqual(['items', 'node']);
  expect((await readdir(join(cacheDir, 'items'))).toSorted()).toEqual(['new', 'used']);
});

test('nothing is removed while another process fills the cache', async () => {
  const cacheDir = await filledCache();
  await withLock(join(cacheDir, 'lock'), { signal: idle, onWait: () => undefined }, async () => {
    const error = await failureOf(pruneCache(cacheDir, { signal: idle, onBusy: busy, isKept: () => false }));
    expect(error.message).toBe(`process ${process.pid} fills it`);
  });
  expect(await readdir(join(cacheDir, 'items'))).toHaveLength(3);
});

test('a cache that is not there has nothing to prune, and is not made', async () => {
  const cacheDir = join(await filledCache(), 'nowhere');
  expect(await pruneCache(cacheDir, { signal: idle, onBusy: busy, isKept: () => false })).toEqual([]);
  expect(await listCache(cacheDir)).toEqual([]);
});
