import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { fillUrl, parseChecksum, planRelease, releaseSource } from '../../../src/artifacts/sources/release.ts';
import type { Trust } from '../../../src/artifacts/store/trust.ts';
import { pins } from '../../../src/config/versions.ts';
import { writeTar } from '../../../src/lib/archive/tar.ts';
import { findTextFile, sha256 } from '../../../src/lib/files.ts';
import { failureOf } from '../../support/failure-of.ts';
import { type Handler, ranged, startServer } from '../../support/release-server.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { fakeWork } from '../../support/work.ts';

describe('planRelease', () => {
  test.each([
    [pins.kubernetes, 'amd64', 'https://dl.k8s.io/release/v1.34.4/bin/linux/amd64/kube-apiserver'],
    [pins.etcd, 'arm64', 'https://github.com/etcd-io/etcd/releases/download/v3.6.5/etcd-v3.6.5-linux-arm64.tar.gz'],
    [
      pins.coredns,
      'amd64',
      'https://github.com/coredns/coredns/releases/download/v1.12.4/coredns_1.12.4_linux_amd64.tgz',
    ],
    [pins.envoy, 'arm64', 'https://github.com/envoyproxy/envoy/releases/download/v1.38.3/envoy-1.38.3-linux-aarch64'],
  ] as const)('knows where publishers keep their files: %#', (pin, arch, url) => {
    expect(planRelease(pin, pin.release, { arch })[0]?.url).toBe(url);
  });

  test('a mirror has them below the names of their hosts', () => {
    const [first] = planRelease(pins.kubernetes, pins.kubernetes.release, {
      arch: 'amd64',
      mirror: { url: 'https://m/x' },
    });
    expect(first).toEqual({
      file: 'kube-apiserver',
      officialUrl: 'https://dl.k8s.io/release/v1.34.4/bin/linux/amd64/kube-apiserver',
      officialChecksumUrl: 'https://dl.k8s.io/release/v1.34.4/bin/linux/amd64/kube-apiserver.sha256',
      url: 'https://m/x/dl.k8s.io/release/v1.34.4/bin/linux/amd64/kube-apiserver',
      checksumUrl: 'https://m/x/dl.k8s.io/release/v1.34.4/bin/linux/amd64/kube-apiserver.sha256',
    });
  });

  test('a placeholder must mean something', () =>
    expect(() => fillUrl('https://x/${what}', { version: 'v1', arch: 'amd64', file: 'f' })).toThrow('${what}'));
});

const sum = 'a'.repeat(64);
const other = 'b'.repeat(64);
test.each([
  ['the sum alone', `${sum}\n`],
  ['lines of sum and name', `${other}  other\n${sum}  file.tgz\n`],
  ['binary mode and a folder', `${sum} *dist/file.tgz`],
  [
    'a signed list',
    `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${sum}  file.tgz\n-----BEGIN PGP SIGNATURE-----`,
  ],
  ['capitals', sum.toUpperCase()],
  ['names that are longer', `${other}  xfile.tgz\n${other}  file.tgz.asc\n${sum}  bin/file.tgz`],
])('reads %s', (_, text) => expect(parseChecksum(text, 'file.tgz')).toBe(sum));

test.each([
  '',
  '<html>log in</html>',
  `${sum}  other.tgz`,
  `${sum}  xfile.tgz`,
  `${sum}  file.tgz.asc`,
])('finds no sum in %j', (text) => expect(parseChecksum(text, 'file.tgz')).toBeUndefined());

const tool = Buffer.from('#!tool');
const pin = (url: string) => ({
  version: 'v1.2.3',
  files: ['tool'],
  release: { url: `${url}/\${version}/\${file}`, checksum: `${url}/\${version}/\${file}.sha256` },
});

const setUp = async (routes: Record<string, Handler | string | Buffer>) => {
  const server = await startServer(routes);
  const { work, told } = await fakeWork();
  const dir = join(work.cacheDir, 'item');
  const source = releaseSource(pin(server.url), pin(server.url).release);
  return { ...server, work, told, dir, make: () => source.make(dir, work) };
};

test('downloads a release and tells how far it is', async () => {
  const { make, dir, told, host } = await setUp({
    '/v1.2.3/tool': ranged(tool),
    '/v1.2.3/tool.sha256': `${sha256(tool)}  tool\n`,
  });
  await make();
  expect(await readFile(join(dir, 'tool'))).toEqual(tool);
  expect(told).toEqual([`downloading: waiting for ${host}`, `downloading: 0.0 of 0.0 MB from ${host}`]);
});

test('refuses a file that does not match its checksum', async () => {
  const { make } = await setUp({ '/v1.2.3/tool': ranged(tool), '/v1.2.3/tool.sha256': sha256('another') });
  expect(await failureOf(make())).toMatchObject({ id: 'artifact.checksum' });
});

test('refuses a changed release, even with a matching checksum', async () => {
  const { make, work, url } = await setUp({ '/v1.2.3/tool': ranged(tool), '/v1.2.3/tool.sha256': sha256(tool) });
  await work.digests.remember(`${url}/v1.2.3/tool`, sum);
  expect(await failureOf(make())).toMatchObject({ id: 'artifact.digest-changed' });
});

test('without a sum there is no download', async () => {
  const { make, url, requests } = await setUp({ '/v1.2.3/tool': ranged(tool), '/v1.2.3/tool.sha256': '<html>' });
  expect((await failureOf(make())).message).toBe(`no sha256 of tool in ${url}/v1.2.3/tool.sha256`);
  expect(requests).toEqual(['GET /v1.2.3/tool.sha256']);
});

test('unpacks the program of an archive', async () => {
  const dir = await temporaryDir();
  await mkdir(join(dir, 'out'));
  await writeTar(join(dir, 'a.tar'), [{ type: 'file', name: 'tool-v1/tool', mode: 0o755, content: { text: 'tool' } }]);
  const archive = gzipSync(await readFile(join(dir, 'a.tar')));
  const { url } = await startServer({ '/tool.tgz': ranged(archive), '/SUMS': `${sha256(archive)}  tool.tgz\n` });
  const { work } = await fakeWork();
  const release = { url: `${url}/tool.tgz`, checksum: `${url}/SUMS`, member: 'tool-v1/${file}' };
  await releaseSource({ version: 'v1', files: ['tool'] }, release).make(join(dir, 'out'), work);
  expect(await readFile(join(dir, 'out/tool'), 'utf8')).toBe('tool');
  await writeFile(join(dir, 'out/tool'), '');
  const wrong = releaseSource({ version: 'v1', files: ['tool'] }, { ...release, member: 'absent' });
  expect((await failureOf(wrong.make(join(dir, 'out'), work))).message).toBe(`${url}/tool.tgz does not contain absent`);
});

describe('a mirror', () => {
  const evil = Buffer.from('#!evil');

  /** A publisher and a mirror with an own file and its sum. */
  const setUpMirror = async (options: { sum?: string; trust?: Trust } = {}) => {
    const publisher = await startServer(options.sum ? { '/v1.2.3/tool.sha256': options.sum } : {});
    const copy = (path: string) => `/${publisher.host}/v1.2.3/${path}`;
    const mirror = await startServer({ [copy('tool')]: ranged(evil), [copy('tool.sha256')]: sha256(evil) });
    const { work, told, proofs } = await fakeWork(options.trust && { trust: options.trust });
    const official = `${publisher.url}/v1.2.3/tool`;
    const { release } = pin(publisher.url);
    const make = (isOffline = false) =>
      releaseSource({ ...pin(publisher.url) }, release, { mirror: { url: mirror.url }, isOffline }).make(
        join(work.cacheDir, 'item'),
        work,
      );
    const digests = async () => JSON.parse((await findTextFile(join(work.cacheDir, 'digests.json'))) ?? '{}') as object;
    return { make, official, mirror, proofs, told, digests, copy, publisher };
  };
  const trusting: Trust = { pinned: () => undefined, trustMirror: true };

  test('is not its own witness', async () => {
    const { make, mirror, digests } = await setUpMirror();
    const error = await failureOf(make());
    expect(error).toMatchObject({
      id: 'artifact.mirror-unproven',
      message: expect.stringMatching(/^nothing but the mirror itself proves .*: it is not pinned, and its publisher's/),
      hint: expect.stringContaining('--trust-mirror'),
    });
    expect(mirror.requests).toEqual([]);
    expect(await digests()).toEqual({});
  });

  test('is proven by the publisher, whose sum is asked over https', async () => {
    const good = await setUpMirror({ sum: sha256(evil) });
    await good.make();
    expect(good.proofs).toEqual([{ of: good.official, sha256: sha256(evil), by: 'publisher' }]);
    expect(good.publisher.requests).toEqual(['GET /v1.2.3/tool.sha256']);
    const bad = await setUpMirror({ sum: sha256('good') });
    expect(await failureOf(bad.make())).toMatchObject({ id: 'artifact.checksum' });
  });

  test('that is trusted is believed, but not remembered as the publisher', async () => {
    const { make, proofs, official, digests, mirror, copy } = await setUpMirror({ trust: trusting });
    await make();
    expect(proofs).toEqual([{ of: official, sha256: sha256(evil), by: 'mirror' }]);
    expect(await digests()).toEqual({ [`${mirror.url}${copy('tool')}`]: sha256(evil) });
  });

  test('cannot do anything against a pin, trusted or not; nobody is asked for a sum', async () => {
    const official = (name: string) => (name.endsWith('/v1.2.3/tool') ? sha256('good') : undefined);
    const { make, mirror, publisher, copy } = await setUpMirror({ trust: { pinned: official, trustMirror: true } });
    expect(await failureOf(make())).toMatchObject({ id: 'artifact.checksum' });
    expect(mirror.requests).toEqual([`GET ${copy('tool')}`]);
    expect(publisher.requests).toEqual([]);
  });

  test('beside a bundle is the only one asked', async () => {
    const { make, publisher } = await setUpMirror({ sum: sha256(evil) });
    expect(await failureOf(make(true))).toMatchObject({ id: 'artifact.mirror-unproven' });
    expect(publisher.requests).toEqual([]);
    const trusted = await setUpMirror({ trust: trusting });
    await trusted.make(true);
    expect(trusted.publisher.requests).toEqual([]);
  });
});

test('a publisher without https proves nothing', async () => {
  const { work } = await fakeWork();
  const { release } = pin('http://127.0.0.1:1');
  const source = releaseSource({ ...pin('http://127.0.0.1:1') }, release);
  expect((await failureOf(source.make(work.cacheDir, work))).message).toContain('tool.sha256 is not https');
});

test('a link in place of the program is not unpacked', async () => {
  const archive = pack();
  archive.entry({ name: 'tool', type: 'symlink', linkname: '/etc/shadow' });
  archive.finalize();
  const tgz = gzipSync(await buffer(archive));
  const { url } = await startServer({ '/tool.tgz': ranged(tgz), '/SUMS': sha256(tgz) });
  const { work } = await fakeWork();
  const release = { url: `${url}/tool.tgz`, checksum: `${url}/SUMS`, member: 'tool' };
  const dir = join(work.cacheDir, 'item');
  await mkdir(dir);
  const error = await failureOf(releaseSource({ version: 'v1', files: ['tool'] }, release).make(dir, work));
  expect(error).toMatchObject({
    id: 'artifact.unsafe-content',
    message: `${url}/tool.tgz: its tool is a symlink, not a file`,
  });
});
