import { expect, test } from 'vitest';
import { applyGatewayObjects, applyInstallation, awaitGatewayEndpoint } from '../../../src/gateway/ensure.ts';
import { parseManifest } from '../../../src/gateway/install/manifest.ts';
import { findUnready, together, waitForGateway } from '../../../src/gateway/ready/readiness.ts';
import { describeProgress } from '../../../src/lib/progress.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';
import { contourCluster, holds, made } from '../../support/gateway/contour-cluster.ts';
import { manifestText, spec } from '../../support/gateway/fixture.ts';

/** A cluster with a working Gateway at 10.0.0.2. */
const healthy = async () => {
  const fake = contourCluster();
  const input = { kube: fake.kube, spec, manifest: parseManifest(manifestText), timeoutMs: 5_000 };
  await applyInstallation(input);
  await applyGatewayObjects(input);
  await awaitGatewayEndpoint({ ...input, address: '10.0.0.2', allowFrom: undefined });
  return fake;
};

test('everything that is not ready is reported, and nothing of a healthy gateway', async () => {
  const fake = await healthy();
  expect(await findUnready(fake.kube, spec, '10.0.0.2')).toEqual([]);
  fake.put({ ...made[2], status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Crash' }] } } as never);
  fake.drop({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'contour-gateway-provisioner', namespace: 'projectcontour' },
  });
  const unready = await findUnready(fake.kube, spec, '10.0.0.9');
  expect(unready.map(({ id }) => id)).toEqual(['gateway.address-moved', 'gateway.no-provisioner', 'gateway.no-envoy']);
});

test('the first failure aborts the tasks beside it', async () => {
  let isAborted = false;
  const running = together(undefined, (signal) => [
    Promise.reject(new Error('first')),
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        isAborted = true;
        resolve();
      });
    }),
  ]);
  await expect(running).rejects.toThrow('first');
  expect(isAborted).toBe(true);
});

/** What each part of a Gateway that is not ready is called, by which id, and where its hint sends the user. */
const parts = [
  [
    'GatewayClass taskgate',
    'gateway.not-accepted',
    'deployment/contour-gateway-provisioner in namespace projectcontour',
  ],
  ['Gateway tasks', 'gateway.not-programmed', 'deployment/contour-tasks in namespace edge'],
  ["Gateway tasks's address", 'gateway.no-address', 'service/envoy-tasks'],
  [
    'Deployment contour-gateway-provisioner',
    'gateway.no-provisioner',
    'kubectl describe deployment contour-gateway-provisioner --namespace projectcontour',
  ],
  ['Deployment contour-tasks', 'gateway.no-contour', 'kubectl describe deployment contour-tasks --namespace edge'],
  ['Envoy envoy-tasks', 'gateway.no-envoy', 'kubectl describe pods --selector app=envoy-tasks --namespace edge'],
] as const;
const elsewhere = { ...spec, namespace: 'edge' };

const kinds = [
  'gateway.networking.k8s.io/v1/GatewayClass',
  'gateway.networking.k8s.io/v1/Gateway',
  'apps/v1/Deployment',
  'discovery.k8s.io/v1/EndpointSlice',
  ...['v1/Pod', 'v1/Event', 'v1/Node', 'v1/Service'],
];

test('of a Gateway of which nothing is there each part is named, with the way to its cause', async () => {
  const unready = await findUnready(fakeKube({ kinds }).kube, elsewhere, '10.0.0.2');
  expect(unready).toEqual(
    parts.map(([what, id, hint]) => ({
      id,
      message: `${what}: ${id === 'gateway.no-envoy' ? 'no pod yet' : 'it does not exist yet'}`,
      hint: expect.stringContaining(hint),
    })),
  );
});

test('an address that moved: the new one, and that `up` takes it over', async () => {
  const fake = await healthy();
  const [moved] = await findUnready(fake.kube, spec, '10.0.0.9');
  expect(moved).toEqual({
    id: 'gateway.address-moved',
    message: "Gateway tasks's address: its address is 10.0.0.2, not 10.0.0.9",
    hint: expect.stringContaining('service/envoy-tasks'),
  });
});

/** Each part of a ready Gateway, by the name that {@link parts} has for it. */
const object = (apiVersion: string, kind: string, name: string, status: object, more: object = {}) => ({
  ...{ apiVersion, kind, metadata: { name, ...more }, spec: { listeners: [] }, status },
});
const available = { ...holds('Available'), availableReplicas: 1 };
const at = { namespace: 'edge' };
const all = {
  'GatewayClass taskgate': object('gateway.networking.k8s.io/v1', 'GatewayClass', 'taskgate', holds('Accepted')),
  'Gateway tasks': object(
    ...(['gateway.networking.k8s.io/v1', 'Gateway', 'tasks'] as const),
    holds('Accepted', 'Programmed'),
    at,
  ),
  'Deployment contour-gateway-provisioner': object('apps/v1', 'Deployment', 'contour-gateway-provisioner', available, {
    namespace: 'projectcontour',
  }),
  'Deployment contour-tasks': object('apps/v1', 'Deployment', 'contour-tasks', available, at),
  'Envoy envoy-tasks': object('v1', 'Pod', 'envoy-1', holds('Ready'), { ...at, labels: { app: 'envoy-tasks' } }),
} as const;
const without = (what: string) => Object.entries(all).flatMap(([name, one]) => (name === what ? [] : [one]));
const waiting = { kube: fakeKube({ kinds }).kube, spec: elsewhere, timeoutMs: 30 };
const named = parts.filter(([, id]) => id !== 'gateway.no-address');

test.each(named)('a Gateway without %s is waited for', async (what, id) => {
  const { kube } = fakeKube({ kinds, objects: without(what) as never });
  const told: string[] = [];
  const report = (line: Parameters<typeof describeProgress>[0]) => told.push(describeProgress(line));
  await expect(waitForGateway({ ...waiting, kube, report })).rejects.toMatchObject({
    id,
    message: expect.stringMatching(`^${what} not ready after 0s: (it does not exist|no pod) yet$`),
  });
  expect(told).toEqual([expect.stringMatching(`^${what}: (it does not exist|no pod) yet$`)]);
});

test('a Gateway of which all parts are there is ready', async () => {
  const { kube, writes } = fakeKube({ kinds, objects: Object.values(all) as never });
  await waitForGateway({ ...waiting, kube, timeoutMs: 60_000 });
  expect(writes()).toEqual([]);
});

const dns = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kube-dns', namespace: 'kube-system' } };
const warning = {
  ...{
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'edge' },
    type: 'Warning',
    reason: 'Unhealthy',
  },
  ...{ message: 'probe failed', involvedObject: { kind: 'Pod', name: 'envoy-1' } },
};
const noDNS =
  "the cluster's DNS has no ready endpoint (Service kube-system/kube-dns), so that Envoy cannot find Contour";
const unhealthy = 'newest Warning: Unhealthy on Pod/envoy-1: probe failed';

test.each([
  ['the DNS and the newest Warning', undefined, ` (${noDNS}; ${unhealthy})`],
  ['the DNS, where Events may not be read', 'Event', ` (${noDNS})`],
  ['the newest Warning, where the DNS may not be read', 'EndpointSlice', ` (${unhealthy})`],
])('at the deadline %s', async (_, kind, details) => {
  const { kube } = fakeKube({ kinds, objects: [...without('Envoy envoy-tasks'), dns, warning] as never });
  const list: typeof kube.list = async (selection) => {
    if (selection.kind === kind) throw refusal(403, 'Forbidden', 'not for you');
    return kube.list(selection);
  };
  await expect(waitForGateway({ ...waiting, kube: { ...kube, list } })).rejects.toMatchObject({
    message: `Envoy envoy-tasks not ready after 0s: no pod yet${details}`,
  });
});

test('tasks end with what they were started in', async () => {
  const outer = new AbortController();
  let inner: AbortSignal | undefined;
  const running = together(outer.signal, (signal) => {
    inner = signal;
    return [new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))];
  });
  outer.abort(new Error('interrupted'));
  await expect(running).rejects.toThrow('interrupted');
  expect(inner?.aborted).toBe(true);
});
