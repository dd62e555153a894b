import { expect, test } from 'vitest';
import { describeChanges, describeKept, findChanges, verifyChanges } from '../../../src/commands/settings/changes.ts';
import { commandContext, instanceRecord } from '../../support/context.ts';

const { config } = commandContext({ folders: { stateDir: '/s', cacheDir: '/c' } });
const cluster = {
  kubeconfigPath: '/k',
  kubeContext: 'c',
  nodeName: 'n',
  nodeAddress: '10.0.0.2',
  hostAddress: '10.0.0.1',
};
const made = instanceRecord({
  given: { 'gateway.name': 'gw2' },
  cluster: { ...cluster, name: 'dev', provider: 'native' },
});

test('a change says old and new, and who wants it', () => {
  const given = { 'master.port': 9001, 'ssh.host': 'b' };
  const origins = { 'master.port': '--master-port', 'ssh.host': 'taskgate.yaml:3:5', 'master.tls': 'default' };
  expect(describeChanges({ 'master.port': 9000, 'master.tls': true }, { given, origins })).toEqual([
    'master.tls: true -> false (default)',
    'master.port: 9000 -> 9001 (--master-port)',
    'ssh.host: its default -> b (taskgate.yaml:3:5)',
  ]);
});

test('naming the value that it has anyway changes nothing', () => {
  const chosen = { given: { 'master.port': 8080 }, origins: { 'master.port': '--master-port' } };
  expect(findChanges({}, chosen)).toEqual([]);
});

test('what is kept is said where it is not the default and not named now', () => {
  const given = { 'gateway.name': 'gw2', 'master.port': 8080, 'ssh.host': 'a' };
  const origins = { 'gateway.name': 'instance', 'master.port': 'instance', 'ssh.host': '--ssh-host' };
  expect(describeKept({ given, origins })).toBe('gateway.name gw2');
  expect(describeKept({ given: {}, origins: {} })).toBeUndefined();
});

test('another Gateway would leave the old one behind: refused, with both ways out', () => {
  const chosen = { given: { 'gateway.name': 'gw3' }, origins: { 'gateway.name': 'taskgate.yaml:1:1' } };
  expect(() => verifyChanges(made, chosen)).toThrow(
    expect.objectContaining({
      id: 'environment.drift',
      message: 'gateway.name: wanted gw3 (taskgate.yaml:1:1), but instance dev has gw2',
      hint: 'to keep it: --gateway-name gw2; to change it, take the instance down first (taskgate down --name dev), or choose another --name',
    }),
  );
});

test('as long as there is no cluster, everything may change', () => {
  const chosen = { given: { 'gateway.name': 'gw3' }, origins: {} };
  expect(() => verifyChanges(instanceRecord({ given: {} }), chosen)).not.toThrow();
  const older = instanceRecord({ cluster: made.cluster });
  expect(() => verifyChanges(older, chosen)).not.toThrow();
  expect(() => verifyChanges({ ...older, settings: { gateway: config.gateway } }, chosen)).toThrow('has contour');
});
