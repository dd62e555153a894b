import { expect, test } from 'vitest';
import { moduleBuildCommand } from '../../scripts/rig/go-module.ts';
import { insideCommand } from '../../scripts/rig/inside.ts';
import { hasMinikube } from '../../scripts/rig/installed.ts';
import { rigPins } from '../../scripts/rig/pins.ts';
import { fakeRunner } from '../fakes/runner.ts';

const { signal } = new AbortController();
const docker = 'docker version --format {{.Server.Version}}';
const minikube = 'minikube version --short';

test.each([
  ['both work', { [docker]: '28.0.1', [minikube]: 'v1.38.1' }, true, [docker, minikube]],
  ['no daemon answers', { [docker]: { exitCode: 1, stderr: 'Cannot connect' } }, false, [docker]],
  ['no minikube', { [docker]: '28.0.1', [minikube]: { exitCode: 127 } }, false, [docker, minikube]],
])('%s', async (_, answers, expected, looked) => {
  const { runner, calls } = fakeRunner(answers);
  expect(await hasMinikube(runner, signal)).toBe(expected);
  expect(calls).toEqual(looked);
});

test('minikube is built as its Makefile does, and knows its version', () => {
  const line = moduleBuildCommand(rigPins.minikube, '/out/minikube').join(' ');
  expect(line).toContain('-tags libvirt_dlopen');
  expect(line).toContain('-X k8s.io/minikube/pkg/version.version=v1.38.1 ');
  expect(line).toMatch(/-o \/out\/minikube \.\/cmd\/minikube$/);
  expect(moduleBuildCommand(rigPins.crictl, '/out/crictl')).not.toContain('-tags');
});

test('a command enters every namespace but the user one, keeps its folder and gets its environment there', () => {
  const line = insideCommand(42, ['npx', 'vitest'], { cwd: '/work', env: { DOCKER_HOST: 'unix:///x', A: 'b c' } });
  expect(line.slice(0, 9)).toEqual('nsenter --target 42 --net --mount --pid --cgroup --ipc --uts'.split(' '));
  expect(line.slice(9)).toEqual(['--wdns=/work', 'env', 'DOCKER_HOST=unix:///x', 'A=b c', 'npx', 'vitest']);
});
