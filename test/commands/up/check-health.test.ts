import { expect, test } from 'vitest';
import { settingsDigest } from '../../../src/commands/up/check-health.ts';
import { commandContext } from '../../support/context.ts';

const { config } = commandContext({ folders: { stateDir: '/state', cacheDir: '/cache' } });

test.each([
  ['another gateway', { gateway: { ...config.gateway, listenerLimit: 300 } }],
  ['another port of the master', { master: { ...config.master, port: 1 } }],
  ['another host of the tunnel', { ssh: { ...config.ssh, host: 'jump' } }],
  ['a cluster that is made anew for it', { minikube: { ...config.minikube, cpus: 4 } }],
])('a proof says nothing of %s', (_, change) => {
  expect(settingsDigest({ ...config, ...change })).not.toBe(settingsDigest(config));
});

test('what changes nothing in the cluster keeps a proof good', () => {
  expect(settingsDigest({ ...config, mergeKubeconfig: !config.mergeKubeconfig })).toBe(settingsDigest(config));
});
