import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildCommand, go, goEnvironment, goSource } from '../../../src/artifacts/sources/go-build.ts';
import { explainFailure } from '../../../src/artifacts/sources/tool.ts';
import { pins } from '../../../src/config/versions.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { failureOf } from '../../support/failure-of.ts';
import { fakeWork } from '../../support/work.ts';

test("keeps Go's caches in taskgate's cache", () => {
  expect(goEnvironment('/c')).toEqual({
    CGO_ENABLED: '0',
    GOFLAGS: '-modcacherw',
    GOWORK: 'off',
    GOMODCACHE: '/c/go/mod',
    GOCACHE: '/c/go/build',
    GOTMPDIR: '/c/scratch',
  });
});

describe('buildCommand', () => {
  test('etcd', () =>
    expect(buildCommand(pins.etcd.go, '/out/etcd').join(' ')).toBe(
      'go build -mod=readonly -trimpath -buildvcs=false -ldflags -s -w -v -o /out/etcd go.etcd.io/etcd/server/v3',
    ));
  test('builds all of Kubernetes at once, with the version that kubeadm and kubelet require', () => {
    const command = buildCommand(pins.kubernetes.go, '/out/');
    expect(command.filter((word) => word.startsWith('k8s.io/kubernetes/'))).toHaveLength(8);
    expect(command[command.indexOf('-ldflags') + 1]).toBe(
      '-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4 -X k8s.io/component-base/version.gitMajor=1 ' +
        '-X k8s.io/component-base/version.gitMinor=34 -X k8s.io/client-go/pkg/version.gitVersion=v1.34.4 ' +
        '-X k8s.io/client-go/pkg/version.gitMajor=1 -X k8s.io/client-go/pkg/version.gitMinor=34',
    );
  });
});

const proxy = 'https://proxy.test/k8s.io/kubernetes/@v/v1.34.4.zip';
test.each([
  [
    'go: go.mod requires go >= 1.25.0 (running go 1.24.1; GOTOOLCHAIN=local)',
    'artifact.go-too-old',
    'go 1.24.1 is too old: 1.25.0 or newer is needed',
  ],
  [
    `go: k8s.io/kubernetes@v1.34.4: reading ${proxy}: 404 Not Found`,
    'artifact.pin-missing',
    'the Go proxy does not serve the pinned k8s.io/kubernetes@v1.34.4',
  ],
  [
    'go: github.com/a/b@v1.2.3: invalid version: unknown revision v1.2.3',
    'artifact.pin-missing',
    'the Go proxy does not serve the pinned github.com/a/b@v1.2.3',
  ],
  [
    'go: verifying github.com/a/b@v1.2.3: checksum mismatch\n\tdownloaded: h1:x\n\tgo.sum: h1:y',
    'artifact.checksum',
    'github.com/a/b@v1.2.3 does not match go.sum: checksum mismatch',
  ],
  [
    'go: k8s.io/kubernetes@v1.34.4: Get "https://proxy.test/x": dial tcp: lookup proxy.test: no such host\n',
    'artifact.go-proxy-unreachable',
    'the Go proxy cannot be reached: dial tcp: lookup proxy.test: no such host',
  ],
  [
    'go: k8s.io/kubernetes@v1.34.4: module lookup disabled by GOPROXY=off',
    'artifact.go-proxy-unreachable',
    'the Go proxy cannot be reached: GOPROXY=off',
  ],
  ['main.go:1: syntax error', 'artifact.build-failed', 'go failed: go build exited with 1: main.go:1: syntax error'],
])('explains %j', (stderr, id, message) => {
  const error = explainFailure(new CommandError(['go', 'build'], { exitCode: 1, stderr }), go);
  expect(error).toMatchObject({ id, message, hint: expect.any(String) });
});

test('reads the complaints that go prints as JSON', () => {
  const stdout = '{"Error": "github.com/a/b@v1.2.3: reading https://proxy.test/b: 404 File not found"}';
  const error = explainFailure(new CommandError(['go', 'mod'], { exitCode: 1, stdout }), go);
  expect(error).toMatchObject({ id: 'artifact.pin-missing' });
  expect(error.message).toContain('github.com/a/b@v1.2.3');
});

/** A go command that lists three packages, and compiles two. */
const goRunner =
  (environment: (object | undefined)[]): Runner =>
  async (command, options) => {
    environment.push({ cwd: options?.cwd, ...options?.env });
    if (command[1] === 'list') {
      options?.onLine?.('go: downloading k8s.io/api v0.34.4');
      return { exitCode: 0, stdout: 'a\nb\nc', stderr: '' };
    }
    for (const name of ['a', 'b']) options?.onLine?.(name);
    await writeFile(command[command.indexOf('-o') + 1] ?? '', 'program');
    return { exitCode: 0, stdout: '', stderr: '' };
  };

test('fetches modules, waits for its turn, and tells each package', async () => {
  const environment: object[] = [];
  const { work, told } = await fakeWork({ runner: goRunner(environment) });
  await goSource(pins.etcd.go, pins.etcd.files).make(join(work.cacheDir, 'item'), work);
  expect(told).toEqual([
    'downloading: Go modules, waiting for go list',
    'downloading: 1 Go modules, now k8s.io/api',
    'waiting: another build to end',
    'building: 0 of at most 3 packages',
    'building: 1 of at most 3 packages, now a',
    'building: 2 of at most 3 packages, now b',
  ]);
  expect(environment[0]).toEqual({ cwd: '/templates/go/etcd', ...goEnvironment(work.cacheDir) });
});

test('reports a missing go', async () => {
  const runner: Runner = (command) =>
    Promise.reject(new CommandError(command, { reason: 'Command failed with ENOENT: go list\nspawn go ENOENT' }));
  const { work } = await fakeWork({ runner });
  const error = await failureOf(goSource(pins.etcd.go, pins.etcd.files).make(work.cacheDir, work));
  expect(error).toMatchObject({ id: 'artifact.go-missing', message: 'no go command on PATH' });
  expect(error.hint).toContain('--bundle');
});

test('an interrupt is not reported as a failed build', async () => {
  const controller = new AbortController();
  const runner: Runner = (command) => {
    controller.abort(new Error('interrupted'));
    return Promise.reject(new CommandError(command, {}));
  };
  const { work } = await fakeWork({ runner, signal: controller.signal });
  const error = await failureOf(goSource(pins.etcd.go, pins.etcd.files).make(work.cacheDir, work));
  expect(error.message).toBe('interrupted');
});

test('a full disk is no failed build, however the tool that go runs spells it', async () => {
  const full = new CommandError(['go', 'list'], {
    exitCode: 1,
    stderr: 'ld: final link failed: No space left on device',
  });
  const { work } = await fakeWork({ runner: () => Promise.reject(full) });
  expect(await failureOf(goSource(pins.etcd.go, pins.etcd.files).make(work.cacheDir, work))).toBe(full);
});
