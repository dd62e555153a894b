import { expect, test } from 'vitest';
import { hasMinikube } from '../../scripts/rig/installed.ts';
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
