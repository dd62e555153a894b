import { expect, test } from 'vitest';
import { restartCoreDns } from '../../../src/cluster/minikube/dns.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import { fakeKube } from '../../fakes/kube.ts';

const deployment = (periodSeconds: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'coredns', namespace: 'kube-system' },
  spec: { template: { spec: { containers: [{ readinessProbe: { periodSeconds } }] } } },
});
const pod = (name: string, status: object, app = 'kube-dns') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'kube-system', labels: { 'k8s-app': app } },
  status: { containerStatuses: [status] },
});
const running = { state: { running: {} } };
const pods = [
  pod('waits', { ...running, ready: false }),
  pod('ready', { ...running, ready: true }),
  pod('starts', { state: { waiting: {} }, ready: false }),
  pod('other', { ...running, ready: false }, 'kube-proxy'),
];

test('the first time its probe is quickened, and its pods make way for new ones', async () => {
  const { kube, writes } = fakeKube({ objects: [deployment(10), ...pods] });
  const patches: unknown[] = [];
  const patch: Kube['patch'] = async (ref, change) => {
    patches.push(change);
    return kube.get(ref);
  };
  await restartCoreDns({ ...kube, patch });
  const probe = '/spec/template/spec/containers/0/readinessProbe';
  expect(patches).toEqual([
    [
      { op: 'add', path: `${probe}/periodSeconds`, value: 1 },
      { op: 'add', path: `${probe}/failureThreshold`, value: 10 },
    ],
  ]);
  expect(writes()).toEqual(['waits', 'ready', 'starts'].map((name) => `remove Pod kube-system/${name}`));
});

test('later restarts only pods that run but are not ready', async () => {
  const { kube, writes } = fakeKube({ objects: [deployment(1), ...pods] });
  await restartCoreDns(kube);
  expect(writes()).toEqual(['remove Pod kube-system/waits']);
});

test('a cluster with another DNS is left alone', async () => {
  const { kube, writes } = fakeKube({ kinds: ['apps/v1/Deployment', 'v1/Pod'] });
  await restartCoreDns(kube);
  expect(writes()).toEqual([]);
});
