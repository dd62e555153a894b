import { chmod, lstat, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleSource, folderBundle, servedBundle } from '../../../src/artifacts/bundle/bundle.ts';
import { makeTrust, noPins } from '../../../src/artifacts/store/trust.ts';
import { sha256 } from '../../../src/lib/files.ts';
import { changeIndex, digestIn, item, makeBundle } from '../../support/artifacts/bundle.ts';
import { failureOf } from '../../support/failure-of.ts';
import { startServer } from '../../support/release-server.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { fakeWork } from '../../support/work.ts';

const make = async (bundle: string, digest?: string, trust = noPins) => {
  const { work, proofs } = await fakeWork({ trust });
  const dir = join(work.cacheDir, 'item');
  await bundleSource(folderBundle(bundle, digest === undefined ? {} : { bundleDigest: digest }), item).make(dir, work);
  return { dir, proofs, work };
};

test('a link and then a name below it do not lead outside', async () => {
  const [bundle, outside] = [await makeBundle(), await temporaryDir()];
  const evil = { path: 'a/sub/authorized_keys', target: 'evil' };
  await changeIndex(bundle, () => ({ links: [{ path: 'a', target: outside }, evil] }));
  await expect(make(bundle)).rejects.toThrow(`link a leads to ${outside}`);
  await changeIndex(bundle, () => ({ links: [{ path: 'a', target: 'sub folder' }, evil] }));
  await expect(make(bundle)).rejects.toThrow('through a link');
  await expect(lstat(join(outside, 'sub'))).rejects.toThrow('ENOENT');
});

test('no file of a bundle is setuid, or can be written by others', async () => {
  const bundle = await makeBundle();
  await changeIndex(bundle, ({ files }) => ({ files: files.map((file) => ({ ...file, mode: 0o4777 })) }));
  const { dir } = await make(bundle);
  expect((await lstat(join(dir, 'sub folder/tool'))).mode & 0o7777).toBe(0o755);
});

test('a link or another size in place of a file is not read', async () => {
  const bundle = await makeBundle();
  const path = join(bundle, 'items/tool-v1/sub folder/tool');
  await rm(path);
  await symlink('/dev/zero', path);
  expect((await failureOf(make(bundle))).message).toBe(`${path} is not a plain file`);
  await rm(path);
  await writeFile(path, 'too');
  expect((await failureOf(make(bundle))).message).toBe(`${path} has 3 bytes, but its index says 4`);
  await writeFile(path, 'tool and more');
  expect((await failureOf(make(bundle))).message).toBe(`${path} has 13 bytes, but its index says 4`);
});

test('a bundle has the wanted digest, or is refused for good', async () => {
  const bundle = await makeBundle();
  const digest = await digestIn(bundle);
  const { proofs } = await make(bundle, digest);
  expect(proofs).toEqual([{ of: 'bundle.json tool-v1', sha256: digest.slice(7), by: 'bundle digest' }]);
  await changeIndex(bundle, () => ({}));
  const error = await failureOf(make(bundle, digest));
  expect(error).toMatchObject({
    id: 'artifact.bundle-digest',
    hint: expect.stringContaining('taskgate prefetch --bundle'),
  });
  expect(error.message).toContain(`but --bundle-digest is ${digest}`);
});

test('a folder that others can write is no bundle of the user: it needs the digest', async () => {
  const bundle = await makeBundle();
  await chmod(bundle, 0o777);
  const error = await failureOf(make(bundle));
  expect(error).toMatchObject({ id: 'artifact.bundle-unproven', hint: expect.stringContaining('--bundle-digest') });
  expect(error.message).toContain(`nothing proves the bundle in ${bundle}: ${bundle} can be changed by other users`);
  await make(bundle, await digestIn(bundle));
  await chmod(bundle, 0o755);
  await chmod(join(bundle, 'bundle.json'), 0o666);
  await expect(make(bundle)).rejects.toThrow('bundle.json can be changed by other users');
});

test('a served bundle needs its digest', async () => {
  const served = await startServer({ '/bundle.json': await readFile(join(await makeBundle(), 'bundle.json')) });
  const { work } = await fakeWork();
  const get = (digest?: string) =>
    bundleSource(servedBundle({ url: served.url }, digest), item).make(join(work.cacheDir, 'item'), work);
  expect(await failureOf(get())).toMatchObject({ id: 'artifact.bundle-unproven' });
  expect(await failureOf(get(`sha256:${'0'.repeat(64)}`))).toMatchObject({ id: 'artifact.bundle-digest' });
  expect(served.requests).toEqual(['GET /bundle.json', 'GET /bundle.json']);
});

test('a served file ends at the size in the index, before the disk is full', async () => {
  let sent = 0;
  const bundle = await makeBundle();
  const served = await startServer({
    '/bundle.json': await readFile(join(bundle, 'bundle.json')),
    '/items/tool-v1/sub%20folder/tool': (_, response) => {
      response.on('error', () => undefined);
      const more = () => {
        sent += 1e6;
        if (sent > 60e6) response.end();
        else response.write(Buffer.alloc(1e6), more);
      };
      more();
    },
  });
  const { work } = await fakeWork();
  const source = bundleSource(servedBundle({ url: served.url }, await digestIn(bundle)), item);
  const error = await failureOf(source.make(join(work.cacheDir, 'item'), work));
  expect(error).toMatchObject({
    id: 'artifact.too-large',
    message: expect.stringContaining('at most 4 were expected'),
  });
  expect(await readdir(join(work.cacheDir, 'partial'))).toEqual([]);
  expect(sent).toBeLessThan(30e6);
});

test('what a bundle without a digest gave is remembered, and another one is refused', async () => {
  const bundle = await makeBundle();
  const { work } = await make(bundle);
  const path = join(bundle, 'items/tool-v1/sub folder/tool');
  await writeFile(path, 'loot');
  const digest = await changeIndex(bundle, ({ files }) => ({
    files: files.map((file) => ({ ...file, sha256: sha256('loot') })),
  }));
  const again = (wanted?: string) =>
    bundleSource(folderBundle(bundle, wanted === undefined ? {} : { bundleDigest: wanted }), item).make(
      join(work.cacheDir, 'again'),
      work,
    );
  expect(await failureOf(again())).toMatchObject({ id: 'artifact.digest-changed' });
  await rm(join(work.cacheDir, 'again'), { recursive: true });
  await again(digest);
});

test('a pin wins over a bundle, even one with the wanted digest', async () => {
  const bundle = await makeBundle('release');
  const url = 'https://publisher/tool';
  const trust = makeTrust({ files: { [url]: 'f'.repeat(64) }, images: {} });
  const { work } = await fakeWork({ trust });
  const make = async (publishedAt: Readonly<Record<string, string>>) =>
    bundleSource(folderBundle(bundle, { bundleDigest: await digestIn(bundle) }), { ...item, publishedAt }).make(
      work.cacheDir,
      work,
    );
  expect(await failureOf(make({ 'sub folder/tool': url }))).toMatchObject({ id: 'artifact.checksum' });
  await changeIndex(bundle, () => ({
    source: 'mirror',
    proofs: [{ of: url, sha256: 'e'.repeat(64), by: 'publisher' }],
  }));
  expect(await failureOf(make({}))).toMatchObject({ id: 'artifact.checksum' });
});
