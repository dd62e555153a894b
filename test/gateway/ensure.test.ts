import { expect, test } from 'vitest';
import {
  type ApplyInput,
  applyGatewayObjects,
  applyInstallation,
  awaitGatewayEndpoint,
} from '../../src/gateway/ensure.ts';
import { parseManifest } from '../../src/gateway/install/manifest.ts';
import type { Gateway } from '../../src/lib/kube/shapes.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { describeProgress, type Report } from '../../src/lib/progress.ts';
import type { FakeKube, FakeKubeInput } from '../fakes/kube.ts';
import { contourCluster, holds, playContour } from '../support/gateway/contour-cluster.ts';
import { gatewaysCRD, manifestText, otherCRDs, spec } from '../support/gateway/fixture.ts';

/** The gateway from nothing, or its repair, as `up` does it in three steps. */
const ensureGateway = async (input: ApplyInput & { readonly address: string }) => {
  await applyInstallation(input);
  await applyGatewayObjects(input);
  return awaitGatewayEndpoint({ ...input, allowFrom: ['10.0.0.1/32'] });
};

const ensure = ({ kube }: FakeKube, more: { timeoutMs?: number; report?: Report } = {}) =>
  ensureGateway({ kube, spec, manifest: parseManifest(manifestText), address: '10.0.0.2', timeoutMs: 5_000, ...more });

test('makes the gateway from nothing, in an order that each part can bear', async () => {
  const fake = contourCluster();
  expect(await ensure(fake)).toEqual({
    name: 'tasks',
    namespace: 'projectcontour',
    publishedAddress: '10.0.0.2',
    portRange: { start: 20000, end: 20199 },
    capacity: { limit: 200, because: 'the range 20000-20199 has 200 ports' },
    allowFrom: ['10.0.0.1/32'],
  });
  const order = [
    'apply CustomResourceDefinition gateways.gateway.networking.k8s.io',
    'apply Deployment projectcontour/contour-gateway-provisioner',
    'apply ContourDeployment projectcontour/tasks',
    'apply GatewayClass taskgate',
    'apply Gateway projectcontour/tasks',
    // who reaches it is limited before it has an address
    'patch Service projectcontour/envoy-tasks',
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
  await ensure(contourCluster({ refuse }));
  expect(unlabelled).toEqual([]);
});

test('a second run changes nothing, and leaves the listeners of the master alone', async () => {
  const fake = contourCluster();
  await ensure(fake);
  const gateway = fake.objects().find(({ kind }) => kind === 'Gateway') as Gateway;
  const added = Array.from({ length: 10 }, (_, i) => ({ name: `det-${20000 + i}`, port: 20000 + i, protocol: 'TCP' }));
  fake.put({ ...gateway, spec: { ...gateway.spec, listeners: [...gateway.spec.listeners, ...added] } } as never);
  const before = JSON.stringify(fake.objects());
  await ensure(fake);
  expect(JSON.stringify(fake.objects())).toBe(before);
});

test('notices and repairs a CRD that an upstream file overwrote', async () => {
  const fake = contourCluster();
  await ensure(fake);
  fake.put({ ...gatewaysCRD(), status: holds('Established') } as never);
  const lines: string[] = [];
  await ensure(fake, { report: (line) => lines.push(describeProgress(line)) });
  expect(lines[0]).toContain('should be 213 but is: v1 spec 64, status 64');
  expect(JSON.stringify(fake.objects())).not.toContain('"maxItems":64');
});

test('keeps another bundle: raises its limit, applies none of ours', async () => {
  const established = { status: holds('Established') };
  const installed = gatewaysCRD({ bundle: 'v1.4.1' });
  const fake = contourCluster({
    objects: [{ ...installed, ...established }, ...otherCRDs().map((crd) => ({ ...crd, ...established }))] as never,
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
  const fake = contourCluster({ objects: [gatewaysCRD({ bundle: 'v1.6.1', channel: 'standard' })] });
  await expect(ensure(fake)).rejects.toMatchObject({ id: 'gateway.no-tcproute' });
  expect(fake.writes()).toEqual([]);
});

test('names the unmet condition at the deadline', async () => {
  const stuck: FakeKubeInput['react'] = (object, fake) => {
    if (object.kind !== 'GatewayClass') playContour(object, fake);
  };
  await expect(ensure(contourCluster({ react: stuck }), { timeoutMs: 300 })).rejects.toMatchObject({
    id: 'gateway.not-accepted',
    message: 'GatewayClass taskgate not ready after 0s: no Accepted condition yet',
    hint: expect.stringContaining('contour-gateway-provisioner'),
  });
});

test('stops at once when interrupted', async () => {
  const stop = new AbortController();
  const { kube } = contourCluster({ react: () => undefined });
  const manifest = parseManifest(manifestText);
  const running = ensureGateway({ kube, spec, manifest, address: '10.0.0.2', timeoutMs: 60_000, signal: stop.signal });
  setTimeout(() => stop.abort(new Error('interrupted')), 50);
  await expect(running).rejects.toThrow('interrupted');
});

const endpoint = (fake: FakeKube, more: object = {}) =>
  awaitGatewayEndpoint({ kube: fake.kube, spec, address: '10.0.0.2', timeoutMs: 5_000, allowFrom: undefined, ...more });
const applied = async (input: FakeKubeInput = {}) => {
  const fake = contourCluster(input);
  const objects = { kube: fake.kube, spec, manifest: parseManifest(manifestText), timeoutMs: 5_000 };
  await applyInstallation(objects);
  await applyGatewayObjects(objects);
  return fake;
};

test('who is let in is known only where it was limited', async () => {
  expect(await endpoint(await applied())).not.toHaveProperty('allowFrom');
  const limited = await endpoint(await applied(), { allowFrom: [] });
  expect(limited.allowFrom).toEqual([]);
  const fake = await applied();
  // the Service of somebody else stays as it is
  const patch: typeof fake.kube.patch = async (ref, change, options) =>
    options.subresource ? fake.kube.patch(ref, change, options) : fake.kube.get(ref);
  const foreign = { ...fake, kube: { ...fake.kube, patch } };
  expect(await endpoint(foreign, { allowFrom: ['10.0.0.1/32'] })).not.toHaveProperty('allowFrom');
});

test('the last line says how many tasks fit', async () => {
  const lines: string[] = [];
  const report: Report = (line) => lines.push(describeProgress(line));
  await endpoint(await applied(), { report });
  expect(lines.at(-1)).toBe('Gateway tasks accepts 200 tasks: the range 20000-20199 has 200 ports');
});

const slowContour = {
  ...{ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'contour', args: ['serve'] }] } },
  metadata: { name: 'contour-1', namespace: 'projectcontour', labels: { app: 'contour-tasks' } },
  status: holds('Ready'),
};

test.each([
  ['was made before the policy is restarted, and waited for', [slowContour], 2],
  ['is as it should be is waited for once', [], 1],
])('a Contour that %s', async (_, pods, waits) => {
  const fake = await applied();
  for (const pod of pods) fake.put(pod);
  await endpoint(fake);
  expect(fake.calls.filter((call) => call === 'watch GatewayClass')).toHaveLength(waits);
});

test('an interrupt ends the wait for the address', async () => {
  const fake = await applied();
  const signal = AbortSignal.abort(new Error('interrupted'));
  await expect(endpoint(fake, { signal })).rejects.toThrow('interrupted');
});
