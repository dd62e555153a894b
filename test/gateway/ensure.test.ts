import { expect, test } from 'vitest';
import { type ApplyInput, applyGatewayObjects, awaitGatewayEndpoint } from '../../src/gateway/ensure.ts';
import { parseManifest } from '../../src/gateway/install/manifest.ts';
import type { Gateway } from '../../src/gateway/ready/conditions.ts';
import { findUnready } from '../../src/gateway/ready/readiness.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { describeProgress, type Report } from '../../src/lib/progress.ts';
import { type FakeKube, type FakeKubeInput, fakeKube } from '../fakes/kube.ts';
import { gatewaysCRD, manifestText, spec, tcpRoutesCRD } from '../support/gateway/fixture.ts';

/** The gateway from nothing, or its repair, as `up` does it in two steps. */
const ensureGateway = async (input: ApplyInput & { readonly address: string }) => {
  await applyGatewayObjects(input);
  return awaitGatewayEndpoint(input);
};

const kinds = [
  'apiextensions.k8s.io/v1/CustomResourceDefinition',
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicyBinding',
  'apps/v1/Deployment',
  'gateway.networking.k8s.io/v1/GatewayClass',
  'gateway.networking.k8s.io/v1/Gateway',
  'projectcontour.io/v1alpha1/ContourDeployment',
  'v1/Event',
  'v1/Namespace',
  'v1/Pod',
  'v1/Service',
  'v1/ServiceAccount',
];
const absentKinds = ['admissionregistration.k8s.io/v1/MutatingAdmissionPolicy'];

const provisioner = { name: 'contour-gateway-provisioner', namespace: 'projectcontour' };
const holds = (...types: readonly string[]) => ({ conditions: types.map((type) => ({ type, status: 'True' })) });
const available = { ...holds('Available'), availableReplicas: 1 };
const ours = { namespace: 'projectcontour', labels: { app: 'envoy-tasks' } };
const made = [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'envoy-tasks', ...ours } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'contour-tasks', ...ours },
    status: available,
  },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'envoy-1', ...ours }, status: holds('Ready') },
];

type Ingress = { readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { ip: string }[] } } };

/** Plays API server, provisioner and Contour. */
const react = (object: KubeObject & Ingress & { readonly status?: unknown }, { put, objects }: FakeKube): void => {
  if (object.kind === 'CustomResourceDefinition' && !object.status)
    put({ ...object, status: holds('Established') } as never);
  if (object.kind === 'Deployment' && !object.status) put({ ...object, status: available } as never);
  if (object.kind === 'GatewayClass' && !object.status) put({ ...object, status: holds('Accepted') } as never);
  if (object.kind === 'Gateway' && !object.status) {
    put({ ...object, status: holds('Accepted', 'Programmed') } as never);
    for (const one of made) put(one);
  }
  const [ingress] = object.status?.loadBalancer?.ingress ?? [];
  const gateway = objects().find(({ kind }) => kind === 'Gateway');
  if (ingress && gateway) {
    put({ ...gateway, status: { ...holds('Accepted', 'Programmed'), addresses: [{ value: ingress.ip }] } } as never);
  }
};

const cluster = (input: FakeKubeInput = {}) => fakeKube({ kinds, absentKinds, react, ...input });
const ensure = ({ kube }: FakeKube, more: { timeoutMs?: number; report?: Report } = {}) =>
  ensureGateway({ kube, spec, manifest: parseManifest(manifestText), address: '10.0.0.2', timeoutMs: 5_000, ...more });

test('makes the gateway from nothing, in an order that each part can bear', async () => {
  const fake = cluster();
  expect(await ensure(fake)).toEqual({
    name: 'tasks',
    namespace: 'projectcontour',
    address: '10.0.0.2',
    portRange: { start: 20000, end: 20199 },
    capacity: { limit: 200, because: 'the range 20000-20199 has 200 ports' },
  });
  const order = [
    'apply CustomResourceDefinition gateways.gateway.networking.k8s.io',
    'apply Deployment projectcontour/contour-gateway-provisioner',
    'apply ContourDeployment projectcontour/tasks',
    'apply GatewayClass taskgate',
    'apply Gateway projectcontour/tasks',
    'patch/status Service projectcontour/envoy-tasks',
  ];
  expect(fake.writes().filter((call) => order.includes(call))).toEqual(order);
  const writes = fake.writes();
  expect(writes.indexOf('apply Namespace projectcontour')).toBeLessThan(
    writes.indexOf('apply ServiceAccount projectcontour/provisioner'),
  );
});

test('labels every object that it applies', async () => {
  const unlabelled: string[] = [];
  const refuse: FakeKubeInput['refuse'] = (call, object) => {
    const { metadata } = (object ?? {}) as { metadata?: KubeObject['metadata'] };
    if (call.startsWith('apply') && metadata?.labels?.['taskgate.dev/instance'] !== 'dev') unlabelled.push(call);
    return undefined;
  };
  await ensure(cluster({ refuse }));
  expect(unlabelled).toEqual([]);
});

test('a second run changes nothing, and leaves the listeners of the master alone', async () => {
  const fake = cluster();
  await ensure(fake);
  const gateway = fake.objects().find(({ kind }) => kind === 'Gateway') as Gateway;
  const added = Array.from({ length: 10 }, (_, i) => ({ name: `det-${20000 + i}`, port: 20000 + i, protocol: 'TCP' }));
  fake.put({ ...gateway, spec: { ...gateway.spec, listeners: [...gateway.spec.listeners, ...added] } } as never);
  const before = JSON.stringify(fake.objects());
  await ensure(fake);
  expect(JSON.stringify(fake.objects())).toBe(before);
});

test('notices and repairs a CRD that an upstream file overwrote', async () => {
  const fake = cluster();
  await ensure(fake);
  fake.put({ ...gatewaysCRD(), status: holds('Established') } as never);
  const lines: string[] = [];
  await ensure(fake, { report: (what) => lines.push(describeProgress(what)) });
  expect(lines[0]).toContain('should be 213 but is: v1 spec 64, status 64');
  expect(JSON.stringify(fake.objects())).not.toContain('"maxItems":64');
});

test('keeps another bundle: raises its limit, applies none of ours', async () => {
  const established = { status: holds('Established') };
  const installed = gatewaysCRD({ bundle: 'v1.4.1' });
  const fake = cluster({
    objects: [
      { ...installed, ...established },
      { ...tcpRoutesCRD(), ...established },
    ] as never,
  });
  await ensure(fake);
  expect(fake.writes().filter((call) => call.includes('CustomResourceDefinition'))).toEqual([
    'apply CustomResourceDefinition contourdeployments.projectcontour.io',
    'update CustomResourceDefinition gateways.gateway.networking.k8s.io',
  ]);
  const crd = fake.objects().find(({ metadata }) => metadata.name === 'gateways.gateway.networking.k8s.io');
  expect(JSON.stringify(crd)).toContain('"maxItems":213');
  expect(crd?.metadata.annotations).toMatchObject({ 'gateway.networking.k8s.io/bundle-version': 'v1.4.1' });
});

test('refuses before it changes anything', async () => {
  const fake = cluster({ objects: [gatewaysCRD({ bundle: 'v1.6.1', channel: 'standard' })] });
  await expect(ensure(fake)).rejects.toMatchObject({ id: 'gateway.no-tcproute' });
  expect(fake.writes()).toEqual([]);
});

test('names the unmet condition at the deadline', async () => {
  const stuck: FakeKubeInput['react'] = (object, fake) => {
    if (object.kind !== 'GatewayClass') react(object, fake);
  };
  await expect(ensure(cluster({ react: stuck }), { timeoutMs: 300 })).rejects.toMatchObject({
    id: 'gateway.not-accepted',
    message: 'GatewayClass taskgate not ready after 0s: no Accepted condition yet',
    hint: expect.stringContaining('contour-gateway-provisioner'),
  });
});

test('stops at once when interrupted', async () => {
  const stop = new AbortController();
  const { kube } = cluster({ react: () => undefined });
  const manifest = parseManifest(manifestText);
  const running = ensureGateway({ kube, spec, manifest, address: '10.0.0.2', timeoutMs: 60_000, signal: stop.signal });
  setTimeout(() => stop.abort(new Error('interrupted')), 50);
  await expect(running).rejects.toThrow('interrupted');
});

test('findUnready names all that is not as it should be, and nothing on a healthy gateway', async () => {
  const fake = cluster();
  await ensure(fake);
  expect(await findUnready(fake.kube, spec, '10.0.0.2')).toEqual([]);
  fake.put({ ...made[2], status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Crash' }] } } as never);
  fake.drop({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: provisioner });
  const unready = await findUnready(fake.kube, spec, '10.0.0.9');
  expect(unready.map(({ id }) => id)).toEqual(['gateway.no-address', 'gateway.no-provisioner', 'gateway.no-envoy']);
});
