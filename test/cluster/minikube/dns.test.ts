import { expect, test } from 'vitest';
import { restartWaitingDns } from '../../../src/cluster/minikube/dns.ts';
import { fakeKube } from '../../fakes/kube.ts';

const pod = (name: string, status: object, app = 'kube-dns') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'kube-system', labels: { 'k8s-app': app } },
  status: { containerStatuses: [status] },
});
const running = { state: { running: {} } };

test('only pods of CoreDNS that run and are not ready are started anew', async () => {
  const { kube, writes } = fakeKube({
    objects: [
      pod('waits', { ...running, ready: false }),
      pod('ready', { ...running, ready: true }),
      pod('starts', { state: { waiting: {} }, ready: false }),
      pod('other', { ...running, ready: false }, 'kube-proxy'),
    ],
  });
  expect(await restartWaitingDns(kube)).toBe(1);
  expect(writes()).toEqual(['remove Pod kube-system/waits']);
});
