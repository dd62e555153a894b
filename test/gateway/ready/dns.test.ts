import { expect, test } from 'vitest';
import { findDnsTrouble } from '../../../src/gateway/ready/dns.ts';
import { fakeKube } from '../../fakes/kube.ts';

const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kube-dns', namespace: 'kube-system' } };
const slice = (endpoints: readonly object[] | null) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 's', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } },
  endpoints,
});
const look = (...objects: readonly object[]) =>
  findDnsTrouble(
    fakeKube({ objects: objects as never, kinds: ['v1/Service', 'discovery.k8s.io/v1/EndpointSlice'] }).kube,
  );

test.each([
  ['one that is ready', slice([{ conditions: { ready: false } }, { conditions: { ready: true } }])],
  ['one that says nothing of it (then it is)', slice([{}])],
  ['one whose state is not known (then it is)', slice([{ conditions: {} }])],
])('well: %s', async (_, endpoints) => {
  expect(await look(service, endpoints)).toBeUndefined();
});

test.each([
  ['none that is ready', [slice([{ conditions: { ready: false } }])]],
  ['none at all', [slice(null)]],
  ['no slice', []],
  [
    'another one that is served',
    [{ ...slice([{}]), metadata: { ...slice([]).metadata, labels: { 'kubernetes.io/service-name': 'web' } } }],
  ],
  ['one of that name elsewhere', [{ ...slice([{}]), metadata: { ...slice([]).metadata, namespace: 'default' } }]],
])('down: %s', async (_, slices) => {
  expect(await look(service, ...slices)).toMatch(
    /^the cluster's DNS has no ready endpoint \(Service kube-system\/kube-dns\)/,
  );
});

test('a cluster whose DNS has another name is not judged', async () => {
  expect(await look()).toBeUndefined();
});
