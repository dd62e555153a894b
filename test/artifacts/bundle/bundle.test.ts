import { lstat, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleSource, folderBundle, servedBundle } from '../../../src/artifacts/bundle/bundle.ts';
import { verifyBundle } from '../../../src/artifacts/bundle/index-file.ts';
import type { Item } from '../../../src/artifacts/item.ts';
import { findStored, storeItem } from '../../../src/artifacts/store/cache.ts';
import { noPins } from '../../../src/artifacts/store/trust.ts';
import { digestIn, item, makeBundle } from '../../support/artifacts/bundle.ts';
import { failureOf } from '../../support/failure-of.ts';
import { ranged, startServer } from '../../support/release-server.ts';
import { fakeWork } from '../../support/work.ts';

const expectTool = async (dir: string) => {
  expect(await readFile(join(dir, 'sub folder/tool'), 'utf8')).toBe('tool');
  expect((await lstat(join(dir, 'sub folder/tool'))).mode & 0o777).toBe(0o755);
  expect(await readlink(join(dir, 'link'))).toBe('sub folder/tool');
};

test('a bundle restores an item unchanged, with links and modes', async () => {
  const bundle = await makeBundle();
  const { work } = await fakeWork();
  const dir = join(work.cacheDir, 'scratch');
  await bundleSource(folderBundle(bundle), item).make(dir, work);
  await expectTool(dir);
  await storeItem(work.cacheDir, { key: item.key, dir, source: 'bundle' });
  expect(await findStored(work.cacheDir, item, noPins)).toMatchObject({ source: 'bundle' });
});

test('a mirror may serve a bundle', async () => {
  const bundle = await makeBundle();
  const served = await startServer({
    '/b/bundle.json': await readFile(join(bundle, 'bundle.json')),
    '/b/items/tool-v1/sub%20folder/tool': ranged(Buffer.from('tool')),
  });
  const { work } = await fakeWork();
  const dir = join(work.cacheDir, 'item');
  await bundleSource(servedBundle({ url: `${served.url}/b` }, await digestIn(bundle)), item).make(dir, work);
  await expectTool(dir);
});

test('a bundle holds plain files only, so that any disk can carry it', async () => {
  const bundle = await makeBundle();
  const path = join(bundle, 'items/tool-v1/sub folder/tool');
  expect((await lstat(path)).isFile()).toBe(true);
  await expect(lstat(join(bundle, 'items/tool-v1/link'))).rejects.toThrow('ENOENT');
});

test('reports what is missing in a bundle', async () => {
  const bundle = await makeBundle();
  const { work } = await fakeWork();
  const other = bundleSource(folderBundle(bundle), { key: 'other-v2' });
  expect((await failureOf(other.make(work.cacheDir, work))).message).toBe(`${bundle} holds no other-v2, only tool-v1`);
  const empty = bundleSource(folderBundle('/nowhere'), item);
  expect((await failureOf(empty.make(work.cacheDir, work))).message).toBe('/nowhere holds no bundle.json');
});

test('refuses a damaged bundle', async () => {
  const bundle = await makeBundle();
  const path = join(bundle, 'items/tool-v1/sub folder/tool');
  const { work } = await fakeWork();
  const make = () => bundleSource(folderBundle(bundle), item).make(join(work.cacheDir, 'item'), work);
  await writeFile(path, 'toll');
  expect(await failureOf(make())).toMatchObject({ id: 'artifact.checksum', hint: expect.stringContaining('prefetch') });
  await rm(path);
  expect((await failureOf(make())).message).toBe(`${path} is missing`);
  await writeFile(join(bundle, 'bundle.json'), '{');
  expect((await failureOf(make())).message).toContain('bundle.json is damaged');
  await writeFile(join(bundle, 'bundle.json'), '{"schema":2}');
  expect((await failureOf(make())).message).toContain('another version');
});

const isHint = expect.stringContaining('taskgate prefetch --bundle');

test('a bundle is checked before any item: one error for all items that need it', async () => {
  const place = await makeBundle();
  const only = (key: string): Item => ({ ...item, key, sources: [bundleSource(folderBundle(place), { key })] });
  const other = {
    ...only('here-too'),
    sources: [...only('here-too').sources, { ...only('x').sources[0], name: 'host' }],
  };
  await verifyBundle(place, [only(item.key), other as Item]);
  expect(
    await failureOf(verifyBundle(place, [only('a-v2'), other as Item, only('b-v2'), only(item.key)])),
  ).toMatchObject({
    id: 'artifact.unavailable',
    message: `cannot use the bundle: ${place} holds no a-v2, b-v2, only tool-v1`,
    hint: isHint,
  });
});

test('a file is no bundle, nor is a folder without an index', async () => {
  const place = await makeBundle();
  const file = join(place, 'bundle.json');
  expect(await failureOf(verifyBundle(file, []))).toMatchObject({
    id: 'artifact.unavailable',
    message: expect.stringContaining(`${file}/bundle.json cannot be read: ENOTDIR`),
    hint: isHint,
  });
  await rm(file);
  expect(await failureOf(verifyBundle(place, []))).toMatchObject({
    message: `cannot use the bundle: ${place} holds no bundle.json`,
    hint: isHint,
  });
  expect(await failureOf(verifyBundle('/nope', []))).toMatchObject({ message: '--bundle: there is no folder /nope' });
});

test('a bundle cannot write outside its item', async () => {
  const bundle = await makeBundle();
  const index = await readFile(join(bundle, 'bundle.json'), 'utf8');
  await writeFile(join(bundle, 'bundle.json'), index.replace('sub folder/tool"', '../../escaped"'));
  const { work } = await fakeWork();
  const error = await failureOf(bundleSource(folderBundle(bundle), item).make(join(work.cacheDir, 'item'), work));
  expect(error.message).toBe('../../escaped is outside its folder');
});

test('programs of this machine cannot be bundled', async () => {
  expect(await failureOf(makeBundle('host'))).toMatchObject({ id: 'artifact.not-bundled' });
});
