import { expect, test } from 'vitest';
import { upAgain } from '../../../src/commands/status/up-again.ts';
import { commandContext, instanceRecord } from '../../support/context.ts';

const { config } = commandContext({ folders: { stateDir: '/s', cacheDir: '/c' } });
const { gateway } = config;

test('today’s settings are those that it was made with, or nobody knows', () => {
  expect(upAgain(instanceRecord(), config)).toBe('taskgate up --name dev');
  expect(upAgain(instanceRecord({ settings: { gateway } }), config)).toBe('taskgate up --name dev');
});

test('other settings are given as flags', () => {
  const made = { ...gateway, listenerLimit: 300, portRange: { start: 20000, end: 20298 } };
  expect(upAgain(instanceRecord({ settings: { gateway: made } }), config)).toBe(
    'taskgate up --name dev --gateway-listener-limit 300 --gateway-port-range-end 20298',
  );
});

test('a Minikube cluster comes back with the node that it has', () => {
  const minikube = {
    profile: 'p',
    profileGiven: true,
    driver: 'docker',
    cpus: 4,
    memoryMb: 4096,
    startArgs: ['--a', '--b'],
  };
  expect(upAgain(instanceRecord({ provider: 'minikube', minikube }), config)).toBe(
    "taskgate up --name dev --minikube-cpus 4 --minikube-start-args '--a --b'",
  );
});

test('an attached cluster is named twice again', () => {
  const attach = { context: 'work', allowContext: 'work', kubeconfigPaths: ['/k'] };
  expect(upAgain(instanceRecord({ provider: 'attach', attach }), config)).toBe(
    'taskgate up --name dev --context work --allow-context work',
  );
});

test('network policies are asked for again, with what they open', () => {
  const network = { policies: true, taskToTask: false, egressAllow: ['192.0.2.0/24', '198.51.100.7/32'] };
  expect(upAgain(instanceRecord({ settings: { gateway, network } }), config)).toBe(
    'taskgate up --name dev --network-policies true --network-egress-allow 192.0.2.0/24,198.51.100.7/32',
  );
});
