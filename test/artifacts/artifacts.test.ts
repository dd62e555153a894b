import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type ArtifactsInput,
  ensureArtifacts,
  ensureControlPlane,
  ensureDeterminedWheel,
  ensureGatewayArtifacts,
  type Pins,
  writeBundle,
} from '../../src/artifacts/artifacts.ts';
import { cniPlugins, runtimePaths, runtimePrograms } from '../../src/artifacts/runtime.ts';
import { pins } from '../../src/config/versions.ts';
import { sha256 } from '../../src/lib/files.ts';
import { CommandError, type Runner } from '../../src/lib/process/runner.ts';
import { failureOf } from '../support/failure-of.ts';
import { ca, type Handler, ranged, startServer } from '../support/release-server.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const wheel = 'determined-0.0.1-py3-none-any.whl';

/** apt, dpkg-deb and what they unpack, and a pip that has one wheel; there is no go and no ldd. */
const debianOnly: Runner = async (command, options) => {
  const [program] = command;
  if (program === 'apt-get' && command.includes('download')) {
    await writeFile(join(options?.cwd ?? '', 'all_1_amd64.deb'), 'deb');
  } else if (program === 'dpkg-deb') {
    const root = command[3] ?? '';
    const paths = [
      ...runtimePrograms.map((name) => runtimePaths[name]),
      ...cniPlugins.map((name) => `usr/lib/cni/${name}`),
    ];
    for (const dir of ['usr/bin', 'usr/sbin', 'usr/lib/cni']) await mkdir(join(root, dir), { recursive: true });
    for (const path of [...paths, 'usr/sbin/xtables-nft-multi']) await writeFile(join(root, path), path);
  } else if (program === 'python3' && command.includes('download')) {
    await writeFile(join(command[command.indexOf('--dest') + 1] ?? '', wheel), 'wheel');
  } else if (!program.startsWith('/') && program !== 'apt-get') {
    throw new CommandError(command, { reason: `spawn ${program} ENOENT` });
  }
  return { exitCode: 0, stdout: '', stderr: '' };
};

const manifest = 'kind: Manifest';
const layer = Buffer.alloc(3000, 3);
const imageManifest = JSON.stringify({
  config: { digest: `sha256:${sha256('{}')}`, size: 2, mediaType: 'c' },
  layers: [{ digest: `sha256:${sha256(layer)}`, size: layer.length, mediaType: 'l' }],
});

/** Publishers, a mirror of them, and a registry: all on this machine. */
const startWorld = async () => {
  const routes: Record<string, Handler | string | Buffer> = {};
  const publish = (path: string, body: string) => {
    routes[path] = ranged(Buffer.from(body));
    routes[`${path}.sha256`] = sha256(body);
  };
  for (const file of [...pins.kubernetes.files, 'etcd', 'coredns']) publish(`/release/${file}`, `program ${file}`);
  routes['/release/manifest'] = manifest;
  routes['/v2/pause/manifests/3'] = imageManifest;
  routes[`/v2/pause/blobs/sha256:${sha256('{}')}`] = '{}';
  routes[`/v2/pause/blobs/sha256:${sha256(layer)}`] = ranged(layer);
  const server = await startServer(routes);
  const release = { url: `${server.url}/release/\${file}`, checksum: `${server.url}/release/\${file}.sha256` };
  const testPins: Pins = {
    ...pins,
    kubernetes: { ...pins.kubernetes, release },
    etcd: { ...pins.etcd, release },
    coredns: { ...pins.coredns, release },
    contourManifest: { ...pins.contourManifest, url: `${server.url}/release/manifest`, sha256: sha256(manifest) },
    images: pins.images.slice(0, 1).map((image) => ({ ...image, ref: `${server.host}/pause:3` })),
    determined: { ...pins.determined, sha256: sha256('wheel') },
  };
  return { ...server, testPins };
};

const setUp = async (testPins: Pins, changes: Partial<ArtifactsInput> = {}) => {
  const lines: string[] = [];
  const input: ArtifactsInput = {
    pins: testPins,
    cacheDir: await temporaryDir(),
    templatesDir: '/templates',
    runner: debianOnly,
    signal: new AbortController().signal,
    // the servers are of this process, which may be busy
    network: { ca, connectTimeoutMs: 60_000, stallTimeoutMs: 60_000 },
    searchPath: [],
    machine: { arch: 'amd64', distribution: 'debian-bookworm' },
    report: ({ name, state }) => lines.push(`${name} ${state}`),
    ...changes,
  };
  return { input, lines };
};

test('everything from its publishers; then from the cache; then from a bundle without any network', async () => {
  const { testPins, requests } = await startWorld();
  const { input, lines } = await setUp(testPins);
  const artifacts = await ensureArtifacts(input);
  for (const path of Object.values(artifacts.binaries)) expect((await stat(path)).isFile()).toBe(true);
  expect((await stat(artifacts.binaries.kubelet)).mode & 0o111).toBe(0o111);
  expect(await readFile(artifacts.binaries.etcd, 'utf8')).toBe('program etcd');
  expect(await readFile(artifacts.contourManifest.path, 'utf8')).toBe(manifest);
  expect(await readFile(join(artifacts.cniPluginsDir, 'ptp'), 'utf8')).toBe('usr/lib/cni/ptp');
  expect(artifacts.env).toHaveProperty('LD_LIBRARY_PATH');
  expect((await stat(artifacts.images.archive)).size).toBeGreaterThan(layer.length);
  expect(lines.filter((line) => line.endsWith(' done'))).toHaveLength(6);

  requests.length = 0;
  expect(await ensureArtifacts(input)).toEqual(artifacts);
  expect(lines.slice(-6).every((line) => line.endsWith(' cached'))).toBe(true);

  const dir = join(await temporaryDir(), 'bundle');
  await writeBundle({ ...input, dir });
  const { input: offline } = await setUp(testPins, {
    bundle: dir,
    runner: () => Promise.reject(new Error('no tools')),
  });
  const again = await ensureArtifacts(offline);
  expect(await readFile(await ensureDeterminedWheel(offline), 'utf8')).toBe('wheel');
  expect(await readFile(again.binaries.kubelet, 'utf8')).toBe('program kubelet');
  expect(await readFile(again.images.archive)).toEqual(await readFile(artifacts.images.archive));
  expect(again.env).toEqual(JSON.parse(JSON.stringify(artifacts.env).replaceAll(input.cacheDir, offline.cacheDir)));
  expect(requests).toEqual([]);
}, 120_000);

test('an existing cluster needs only images and manifest', async () => {
  const { testPins } = await startWorld();
  const { input, lines } = await setUp(testPins);
  const { images, contourManifest, ...rest } = await ensureGatewayArtifacts(input);
  expect(rest).toEqual({});
  expect((await stat(images.archive)).size).toBeGreaterThan(layer.length);
  expect(await readFile(contourManifest.path, 'utf8')).toBe(manifest);
  expect(lines.filter((line) => line.endsWith(' done')).toSorted()).toEqual(['contour-manifest done', 'images done']);
});

test('the wheel of a master is had once for each version, whatever the machine', async () => {
  const { testPins } = await startWorld();
  const { input, lines } = await setUp(testPins);
  const path = await ensureDeterminedWheel(input);
  expect(path).toBe(join(input.cacheDir, 'items', `determined-wheel-${pins.determined.version}`, wheel));
  const { version } = pins.determined;
  expect(await ensureDeterminedWheel({ ...input, determinedVersion: version })).toBe(path);
  const older = await ensureDeterminedWheel({ ...input, determinedVersion: '0.37.0' });
  expect(older).toBe(join(input.cacheDir, 'items/determined-wheel-0.37.0', wheel));
  expect(lines.filter((line) => /done|cached/.test(line))).toEqual([
    'determined-wheel done',
    'determined-wheel cached',
    'determined-wheel done',
  ]);
  const other = { ...testPins, determined: { ...testPins.determined, sha256: 'f'.repeat(64) } };
  const changed = await setUp(other);
  await expect(ensureDeterminedWheel(changed.input)).rejects.toMatchObject({ id: 'artifact.checksum' });
});

test('an API server without a node needs no image and no system package', async () => {
  const { testPins } = await startWorld();
  const { input, lines } = await setUp(testPins);
  const { binaries, contourManifest } = await ensureControlPlane(input);
  expect(await readFile(binaries['kube-apiserver'], 'utf8')).toBe('program kube-apiserver');
  expect(await readFile(binaries.etcd, 'utf8')).toBe('program etcd');
  expect(await readFile(contourManifest.path, 'utf8')).toBe(manifest);
  expect(lines.filter((line) => line.endsWith(' done')).toSorted()).toEqual([
    'contour-manifest done',
    'etcd done',
    'kubernetes done',
  ]);
});

test('a bundle of a build that lacks something names it, and asks no network', async () => {
  const { testPins, requests } = await startWorld();
  const { input } = await setUp(testPins, { bundle: '/nowhere' });
  const error = await failureOf(ensureArtifacts(input));
  expect(error).toMatchObject({ id: expect.stringMatching(/^artifact\./), hint: expect.any(String) });
  expect(error.message).toMatch(/^--bundle: there is no folder \/nowhere$/);
  expect(requests).toEqual([]);
});

test('without network, go and pip the error lists what was tried', async () => {
  const { testPins } = await startWorld();
  const release = { url: 'https://localhost:1/${file}', checksum: 'https://localhost:1/${file}.sha256' };
  const { input } = await setUp({ ...testPins, coredns: { ...testPins.coredns, release } });
  const error = await failureOf(ensureArtifacts(input));
  expect(error).toMatchObject({ id: 'artifact.go-missing', hint: expect.stringContaining('--bundle') });
  expect(error.message).toMatch(
    /^cannot get coredns v1\.12\.4: release: localhost:1 cannot be reached: .*; go: no go command on PATH$/,
  );
});

test('a mirror with the layout of the release hosts is asked before them', async () => {
  const { testPins, host, requests, url } = await startWorld();
  const routes = [...pins.kubernetes.files, 'etcd', 'coredns'].flatMap((file) => {
    const path = `/mirror/${host}/release/${file}`;
    return [
      [path, `program ${file}`],
      [`${path}.sha256`, sha256(`program ${file}`)],
    ];
  });
  const mirror = await startServer({ ...Object.fromEntries(routes), [`/mirror/${host}/release/manifest`]: manifest });
  const { input } = await setUp(testPins, { mirror: { url: `${mirror.url}/mirror` } });
  await ensureArtifacts(input);
  const asked = requests.filter((line) => line.includes('/release/'));
  expect(asked, 'the publisher says what is right').toHaveLength(9);
  expect(asked.filter((line) => !line.endsWith('.sha256'))).toEqual([]);
  expect(mirror.requests.filter((line) => line === 'GET /mirror/bundle.json')).toHaveLength(1);
  expect(url).not.toBe(mirror.url);
});
