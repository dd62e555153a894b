import { expect, test } from 'vitest';
import { minikubeFailure } from '../../../src/cluster/minikube/failures.ts';
import { recording } from '../../fakes/minikube.ts';

const event = (data: object): string => JSON.stringify({ type: 'io.k8s.sigs.minikube.error', data });

const failure = (exitCode: number, stdout = '', stderr = '') =>
  minikubeFailure({ what: 'minikube start', result: { exitCode, stdout, stderr }, logPath: '/i/logs/minikube.log' });

test.each([
  [1, '', 'cluster.minikube-failed'],
  [14, 'MK_USAGE', 'usage.minikube'],
  [29, 'RSRC_INSUFFICIENT_CORES', 'environment.minikube-resources'],
  [37, 'HOST_HOME_PERMISSION', 'environment.minikube-host'],
  [40, 'INET_CACHE_BINARIES', 'environment.minikube-internet'],
  [55, 'DRV_NOT_DETECTED', 'environment.minikube-driver'],
  [55, 'DRV_DOCKER_NOT_RUNNING', 'environment.docker-not-running'],
  [57, 'DRV_AS_ROOT', 'environment.minikube-driver'],
  [63, 'PROVIDER_DOCKER_NOT_RUNNING', 'environment.docker-not-running'],
  [65, 'PROVIDER_DOCKER_NOT_FOUND', 'environment.docker-missing'],
  [69, 'PROVIDER_DOCKER_NEWGRP', 'environment.docker-refused'],
  [70, 'IF_DEDICATED_NETWORK', 'environment.minikube-network'],
  [80, 'GUEST_PROVISION', 'cluster.minikube-guest'],
  [90, 'RUNTIME_ENABLE', 'cluster.minikube-runtime'],
  [100, 'K8S_INSTALL_FAILED', 'cluster.minikube-control-plane'],
  [106, 'K8S_DOWNGRADE_UNSUPPORTED', 'cluster.minikube-control-plane'],
  [137, '', 'cluster.minikube-failed'],
] as const)('exit code %i, reason %j: %s', (exitCode, name, id) => {
  const stdout = name ? event({ exitcode: String(exitCode), name, message: 'm', advice: 'a' }) : '';
  expect(failure(exitCode, stdout)).toMatchObject({ id });
});

test("the error has minikube's message and advice", () => {
  const reason = { exitcode: '63', name: 'PROVIDER_DOCKER_NOT_RUNNING', message: ' no daemon\n', advice: 'Start it' };
  expect(failure(63, event(reason))).toMatchObject({
    message: 'minikube start exited with 63 PROVIDER_DOCKER_NOT_RUNNING: no daemon',
    hint: "Start it; minikube's output is in /i/logs/minikube.log",
  });
});

test('a start in the rig without its daemon', () => {
  expect(failure(63, recording('start-daemon-down'))).toMatchObject({
    id: 'environment.docker-not-running',
    message: expect.stringMatching(
      /^minikube start exited with 63 PROVIDER_DOCKER_NOT_RUNNING: .*Is the docker daemon/,
    ),
    hint: expect.stringMatching(/^Start the Docker service; /),
  });
});

test('the error with the exit code wins over later ones without, and over those that --force has passed over', () => {
  const stdout = [
    event({ exitcode: '23', name: 'RSRC_INSUFFICIENT_REQ_MEMORY', message: 'little memory' }),
    event({ exitcode: '80', name: 'GUEST_PROVISION', message: 'no machine' }),
    event({ message: 'To pull new external images, you may need a proxy' }),
  ].join('\n');
  expect(failure(80, stdout).message).toBe('minikube start exited with 80 GUEST_PROVISION: no machine');
});

test.each([
  ['', 'E1125 x\nError: unknown flag: --nosuch\n', 'Error: unknown flag: --nosuch'],
  ['only this\n', '', 'only this'],
  ['', '', 'it gave no reason'],
])('without an event the last line tells: %j %j', (stdout, stderr, why) => {
  expect(failure(1, stdout, stderr).message).toBe(`minikube start exited with 1: ${why}`);
});
