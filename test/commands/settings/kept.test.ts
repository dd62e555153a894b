import { expect, test } from 'vitest';
import { asMade, keptOf, textOf, valueIn } from '../../../src/commands/settings/kept.ts';
import { commandContext, instanceRecord } from '../../support/context.ts';

const { config } = commandContext({ folders: { stateDir: '/s', cacheDir: '/c' } });
const { gateway, master } = config;

test('a record says what was given', () => {
  expect(keptOf(instanceRecord({ given: { 'master.port': 9000 }, settings: { gateway } }))).toEqual({
    'master.port': 9000,
  });
});

test('an older record does not: what differs from the defaults was given', () => {
  const made = { ...gateway, name: 'gw2', portRange: { start: 20_000, end: 20_298 } };
  const network = { policies: true, taskToTask: false, egressAllow: ['192.0.2.0/24'] };
  const tls = { ...master, tls: true, scheme: 'https' };
  expect(keptOf(instanceRecord({ settings: { gateway: made, master: tls, network } }))).toEqual({
    'gateway.name': 'gw2',
    'gateway.portRange.end': 20_298,
    'master.tls': true,
    'network.policies': true,
    'network.egressAllow': ['192.0.2.0/24'],
  });
  expect(keptOf(instanceRecord())).toEqual({});
});

test('an older Minikube cluster comes back with the node that it has, an attached one with its context', () => {
  const node = {
    profile: 'p',
    profileGiven: true,
    driver: 'docker',
    cpus: 4,
    memoryMb: 4096,
    startArgs: ['--a', '--b'],
  };
  expect(keptOf(instanceRecord({ provider: 'minikube', minikube: node }))).toEqual({
    'minikube.profile': 'p',
    'minikube.cpus': 4,
    'minikube.startArgs': '--a --b',
  });
  const attach = { context: 'work', allowContext: 'work', kubeconfigPaths: ['/k', '/l'] };
  expect(keptOf(instanceRecord({ provider: 'attach', attach }))).toEqual({
    context: 'work',
    allowContext: 'work',
    kubeconfig: '/k:/l',
  });
});

test('as made: the sections of the last up, whatever is named today; fields that it lacks are defaults', () => {
  const today = { ...config, podSecurity: 'restricted' as const, master: { ...master, host: 'today', port: 1 } };
  const old = { name: 'gw2', namespace: 'ns' };
  const made = asMade(today, { settings: { gateway: old as typeof gateway, master } });
  expect(made.gateway).toEqual({ ...gateway, ...old });
  expect(made.master).toEqual(master);
  expect(made.podSecurity).toBeUndefined();
  expect(asMade(today, {})).toBe(today);
});

test('values for people', () => {
  expect([undefined, [], ['a', 'b'], false, 1].map(textOf)).toEqual(['its default', 'none', 'a,b', 'false', '1']);
  expect([valueIn({ 'master.port': 1 }, 'master.port'), valueIn({}, 'master.port')]).toEqual([1, 8080]);
});
