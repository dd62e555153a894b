import { expect, test } from 'vitest';
import { isTunnelOnly } from '../../src/instance/instance.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import { instanceRecord } from '../support/context.ts';

const tunnels: InstanceRecord['journal'][number] = { kind: 'tunnels' } as InstanceRecord['journal'][number];
const link: InstanceRecord['journal'][number] = { kind: 'link', name: 'tg-0' };
const isOnly = (more: Partial<InstanceRecord>): boolean => {
  const record = instanceRecord({ cidr: undefined, ...more });
  return isTunnelOnly({ record: () => record });
};

test('an instance that has nothing but a tunnel, or nothing at all', () => {
  expect(isOnly({ journal: [tunnels] })).toBe(true);
  expect(isOnly({ journal: [] })).toBe(true);
});

const cluster: InstanceRecord['cluster'] = {
  ...{ name: 'dev', provider: 'attach', kubeconfigPath: '/k', kubeContext: 'c' },
  ...{ nodeName: 'n', nodeAddress: '192.0.2.1', hostAddress: '192.0.2.2' },
};
test.each<[string, Partial<InstanceRecord>]>([
  ['a cluster', { cluster }],
  ['a network that was chosen for its node', { cidr: '10.210.0.0/16' }],
  ['a Minikube profile', { minikube: { driver: 'docker' } as unknown as NonNullable<InstanceRecord['minikube']> }],
  ['an attached cluster', { attach: { context: 'c', allowContext: 'c', kubeconfigPaths: [] } }],
  ['something else to undo beside it', { journal: [tunnels, link] }],
])('%s makes it more than a tunnel', (_, more) => {
  expect(isOnly({ journal: [tunnels], ...more })).toBe(false);
});
