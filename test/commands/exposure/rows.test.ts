import { expect, test } from 'vitest';
import { clusterExposure, throughVpn } from '../../../src/commands/exposure/rows.ts';
import { taskPolicy } from '../../../src/gateway/policies/task-policy.ts';
import type { Cluster } from '../../../src/model/cluster.ts';

const cluster: Cluster = {
  ...{ name: 'dev', provider: 'native', kubeconfigPath: '/k', kubeContext: 'taskgate-dev', nodeName: 'taskgate-dev' },
  ...{ nodeAddress: '10.210.255.2', hostAddress: '10.210.255.1' },
};

test('a native node serves its API, kubelet and names beside task ports', () => {
  const rows = clusterExposure({ provider: 'native', cluster });
  expect(rows.map(({ address }) => address)).toEqual([
    ...['all their ports', '10.210.255.2:6443', '10.210.255.2:10250', '10.210.255.2:53'],
  ]);
});

test('what another cluster serves is not said to be this instance’s', () =>
  expect(
    clusterExposure({ provider: 'attach', cluster: { ...cluster, provider: 'attach' } }).map(({ what }) => what),
  ).toEqual(['task pods']));

const policyWith = (taskToTask: boolean) =>
  taskPolicy({
    ...{ instance: 'dev', namespace: 'team', gateway: { name: 'contour', namespace: 'projectcontour' } },
    ...{ master: { port: 8080, ranges: undefined }, egressAllow: [], taskToTask },
  });

test.each([
  [
    'native',
    undefined,
    'every pod of the cluster, and this host by its route to them',
    'nothing: network.policies is off',
  ],
  ['minikube', undefined, 'every pod of the cluster', 'nothing: network.policies is off'],
  ['native', policyWith(false), 'Envoy', 'NetworkPolicy team/taskgate-dev'],
  ['native', policyWith(true), 'Envoy and other tasks', 'NetworkPolicy team/taskgate-dev'],
  [
    'attach',
    policyWith(false),
    'Envoy',
    "NetworkPolicy team/taskgate-dev, as far as the cluster's network enforces it",
  ],
] as const)('pods of tasks, %s, %#: who reaches them past the Gateway', (provider, networkPolicy, to, protection) => {
  const [pods] = clusterExposure({ provider, cluster: { ...cluster, provider }, networkPolicy });
  expect(pods).toMatchObject({ what: 'task pods', to, protection });
});

const links = [
  { name: 'wg0', kind: 'wireguard', addresses: ['10.8.0.5'] },
  { name: 'tun0', kind: 'tun', addresses: ['fd08::5'] },
];
const row = (what: string, address: string) => ({ what, address, to: 'somebody', protection: 'nothing' });

test.each([
  ['task ports', '10.8.0.5:20000-20199', [], ['wg0 (wireguard)']],
  ['task ports', '10.210.255.2:20000-20199', ['10.8.0.0/24'], ['wg0 (wireguard)']],
  ['task ports', '10.210.255.2:20000-20199', ['10.210.255.1/32'], undefined],
  ['task ports', '0.0.0.0:20000-20199', [], ['wg0 (wireguard)', 'tun0 (tun)']],
  ['master', 'http://10.8.0.5:8080', [], ['wg0 (wireguard)']],
  ['master', 'http://[fd08::5]:8080', [], ['tun0 (tun)']],
  ['master', 'http://10.210.255.1:8080', ['10.8.0.0/24'], undefined],
  ['master', 'https://abc.ngrok.app', [], undefined],
])('%s on %s with %j allowed is reached by %j', (what, address, allowFrom, through) =>
  expect(throughVpn(row(what, address), links, allowFrom).through).toEqual(through));
