import { readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { ArtifactsInput } from '../../../src/artifacts/artifacts.ts';
import { ensureMinikube } from '../../../src/artifacts/sources/minikube.ts';
import { planRelease } from '../../../src/artifacts/sources/release.ts';
import { pins } from '../../../src/config/versions.ts';
import { sha256 } from '../../../src/lib/files.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { failureOf } from '../../support/failure-of.ts';
import { ca, ranged, startServer } from '../../support/release-server.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const program = Buffer.from('#!minikube');

const setUp = async (sum: string, changes: Partial<ArtifactsInput> = {}) => {
  const server = await startServer({ '/minikube-linux-arm64': ranged(program), '/minikube-linux-arm64.sha256': sum });
  const at = `${server.url}/minikube-linux-\${arch}`;
  const told: string[] = [];
  const input: ArtifactsInput = {
    pins: { ...pins, minikube: { ...pins.minikube, release: { url: at, checksum: `${at}.sha256` } } },
    cacheDir: await temporaryDir(),
    templatesDir: '/templates',
    runner: fakeRunner({}).runner,
    signal: new AbortController().signal,
    network: { ca },
    machine: { arch: 'arm64', distribution: 'debian-bookworm' },
    report: ({ name, state }) => told.push(`${name} ${state}`),
    ...changes,
  };
  return { ...server, input, told };
};

test('knows where its publisher keeps it', () => {
  const [file] = planRelease(pins.minikube, pins.minikube.release, { arch: 'amd64' });
  const url = `https://github.com/kubernetes/minikube/releases/download/${pins.minikube.version}/minikube-linux-amd64`;
  expect(file).toEqual({
    ...{ file: 'minikube', officialUrl: url, officialChecksumUrl: `${url}.sha256` },
    ...{ url, checksumUrl: `${url}.sha256` },
  });
});

test('is downloaded once, checked, and can be run', async () => {
  const { input, told, requests } = await setUp(`${sha256(program)}\n`);
  const path = await ensureMinikube(input);
  expect(await readFile(path)).toEqual(program);
  expect((await stat(path)).mode & 0o111).toBe(0o111);
  const before = requests.length;
  expect(await ensureMinikube(input)).toBe(path);
  expect(requests).toHaveLength(before);
  expect(told.at(-1)).toBe('minikube cached');
});

test('is refused if it does not match its checksum', async () => {
  const { input } = await setUp(sha256('another'));
  expect(await failureOf(ensureMinikube(input))).toMatchObject({
    id: 'artifact.checksum',
    message: expect.stringContaining(`cannot get minikube ${pins.minikube.version}`),
  });
});

test('is not in a bundle, and with one nothing is asked of the network', async () => {
  const { input, requests } = await setUp(sha256(program), { bundle: '/bundle' });
  expect(await failureOf(ensureMinikube(input))).toMatchObject({ id: 'artifact.unavailable' });
  expect(requests).toEqual([]);
});
