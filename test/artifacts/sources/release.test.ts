import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { fillUrl, parseChecksum, planRelease, releaseSource } from '../../../src/artifacts/sources/release.ts';
import { pins } from '../../../src/config/versions.ts';
import { sha256 } from '../../../src/lib/files.ts';
import { writeTar } from '../../../src/lib/tar.ts';
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
    const [first] = planRelease(pins.kubernetes, pins.kubernetes.release, { arch: 'amd64', mirror: 'https://m/x/' });
    expect(first).toEqual({
      file: 'kube-apiserver',
      officialUrl: 'https://dl.k8s.io/release/v1.34.4/bin/linux/amd64/kube-apiserver',
      url: 'https://m/x/dl.k8s.io/release/v1.34.4/bin/linux/amd64/kube-apiserver',
      checksumUrl: 'https://m/x/dl.k8s.io/release/v1.34.4/bin/linux/amd64/kube-apiserver.sha256',
    });
  });

  test('a placeholder must mean something', () =>
    expect(() => fillUrl('https://x/${what}', { version: 'v1', arch: 'amd64', file: 'f' })).toThrow('${what}'));
});

const sum = 'a'.repeat(64);
test.each([
  ['the sum alone', `${sum}\n`],
  ['lines of sum and name', `${'b'.repeat(64)}  other\n${sum}  file.tgz\n`],
  ['binary mode and a folder', `${sum} *dist/file.tgz`],
  [
    'a signed list',
    `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${sum}  file.tgz\n-----BEGIN PGP SIGNATURE-----`,
  ],
  ['capitals', sum.toUpperCase()],
])('reads %s', (_, text) => expect(parseChecksum(text, 'file.tgz')).toBe(sum));

test.each(['', '<html>log in</html>', `${sum}  other.tgz`])('finds no sum in %j', (text) =>
  expect(parseChecksum(text, 'file.tgz')).toBeUndefined());

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
