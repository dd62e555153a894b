import { describe, expect, test } from 'vitest';
import { guardForeign } from '../../../src/gateway/foreign/guard.ts';
import { recordOriginalState } from '../../../src/gateway/foreign/snapshot.ts';
import { parseManifest } from '../../../src/gateway/install/manifest.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { describeProgress } from '../../../src/lib/progress.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { gatewaysCRD, manifestText, provisioner, spec, tcpRoutesCRD } from '../../support/gateway/fixture.ts';
import { foreignGateway, installKinds, kubeSystem, labelled } from '../../support/gateway/foreign.ts';
import { marked } from '../../support/gateway/installation.ts';

const plan = { spec, manifest: parseManifest(manifestText) };

const guard = async (objects: readonly KubeObject[]) => {
  const kinds = [...installKinds, 'v1/Pod'];
  const fake = fakeKube({ objects: [kubeSystem, ...objects], kinds });
  const original = await recordOriginalState(fake.kube, plan);
  const lines: string[] = [];
  const kube = guardForeign(fake.kube, { spec, original, report: (line) => lines.push(describeProgress(line)) });
  return { fake, kube, lines };
};

const ours = (object: KubeObject): KubeObject => labelled(object, 'dev');

describe('apply', () => {
  test('makes what is not there, and writes it again', async () => {
    const { fake, kube } = await guard([]);
    await kube.apply(ours(provisioner));
    await kube.apply(ours(provisioner));
    expect(fake.writes()).toHaveLength(2);
  });

  test.each([
    ['somebody else has', provisioner],
    ['another instance has', labelled(provisioner, 'other')],
    ['an instance of our name had before', ours(provisioner)],
  ])('leaves alone what %s, says so and gives it back', async (_, object) => {
    const { fake, kube, lines } = await guard([object]);
    const wanted = ours({ ...provisioner, metadata: { ...provisioner.metadata, annotations: { changed: 'yes' } } });
    expect(await kube.apply(wanted)).toMatchObject(object);
    expect(fake.writes()).toEqual([]);
    expect(lines).toEqual([
      'Deployment projectcontour/contour-gateway-provisioner was not created by taskgate and is left unchanged',
    ]);
  });

  test('leaves alone what an instance of the same name has made since', async () => {
    const { fake, kube } = await guard([]);
    const [theirs = provisioner] = marked([ours(provisioner)], 'theirs');
    await fake.kube.apply(theirs);
    expect(await kube.apply(ours(provisioner))).toMatchObject(theirs);
    expect(fake.writes()).toHaveLength(1);
  });

  test('raises the listener limit of a CRD that was there, and nothing else of it', async () => {
    const { fake, kube } = await guard([gatewaysCRD({ bundle: 'v1.3.0', limit: 64 })]);
    await kube.apply(ours(gatewaysCRD({ limit: 213, bundle: 'v1.9.9' })));
    expect(fake.writes()).toEqual(['update CustomResourceDefinition gateways.gateway.networking.k8s.io']);
    const crd = fake.objects().find(({ kind }) => kind === 'CustomResourceDefinition');
    expect(crd).toMatchObject({ spec: gatewaysCRD({ limit: 213 }).spec });
    expect(crd?.metadata.labels).toBeUndefined();
    expect(crd?.metadata.annotations?.['gateway.networking.k8s.io/bundle-version']).toBe('v1.3.0');
  });

  test('never lowers a limit, and changes no other CRD', async () => {
    const { fake, kube } = await guard([gatewaysCRD({ limit: 213 }), tcpRoutesCRD()]);
    await kube.apply(ours(gatewaysCRD({ limit: 64 })));
    await kube.apply(ours(tcpRoutesCRD(['v1'])));
    expect(fake.writes()).toEqual([]);
  });

  test('changes no CRD that came after it was looked for: it could not be put back', async () => {
    const { fake, kube } = await guard([]);
    fake.put(gatewaysCRD());
    await kube.apply(ours(gatewaysCRD({ limit: 213 })));
    expect(fake.writes()).toEqual([]);
  });
});

test('waiting for CRDs sees those of others too', async () => {
  const { kube } = await guard([gatewaysCRD()]);
  const { apiVersion, kind } = gatewaysCRD();
  const labelSelector = 'taskgate.dev/instance=dev';
  const watched = kube.watch({ apiVersion, kind, labelSelector }, AbortSignal.timeout(1_000));
  for await (const seen of watched) {
    expect(seen).toHaveLength(1);
    break;
  }
  const deployments = kube.watch(
    { apiVersion: 'apps/v1', kind: 'Deployment', labelSelector },
    AbortSignal.timeout(1_000),
  );
  for await (const seen of deployments) {
    expect(seen).toHaveLength(0);
    break;
  }
});

test('who waits for Deployments sees those that are selected', async () => {
  const { kube } = await guard([
    provisioner,
    labelled({ ...provisioner, metadata: { ...provisioner.metadata, name: 'ours' } }, 'dev'),
  ]);
  const selection = { apiVersion: 'apps/v1', kind: 'Deployment', labelSelector: 'taskgate.dev/instance=dev' };
  for await (const seen of kube.watch(selection, AbortSignal.timeout(1_000))) {
    expect(seen.map(({ metadata }) => metadata.name)).toEqual(['ours']);
    break;
  }
});

test('who waits for objects of a name waits for that one alone', async () => {
  const { kube } = await guard([provisioner]);
  const { apiVersion, kind, metadata } = provisioner;
  for await (const seen of kube.watch({ apiVersion, kind, name: metadata.name }, AbortSignal.timeout(1_000))) {
    expect(seen).toHaveLength(1);
    break;
  }
});

test('without anybody to tell, objects of others are left alone in silence', async () => {
  const { fake } = await guard([provisioner, foreignGateway('tasks'), service('192.0.2.9')]);
  const original = await recordOriginalState(fake.kube, plan);
  const kube = guardForeign(fake.kube, { spec, original });
  await kube.apply(ours(provisioner));
  await kube.patch(service(), patch, toStatus);
  await kube.patch(service(), { spec: {} }, { type: 'merge' });
  expect(fake.writes()).toEqual([]);
});

test('of a CRD that is left alone nothing is said', async () => {
  const { kube, lines } = await guard([gatewaysCRD({ limit: 213 }), tcpRoutesCRD()]);
  await kube.apply(ours(gatewaysCRD({ limit: 64 })));
  await kube.apply(ours(gatewaysCRD({ limit: 300, rules: [] })));
  await kube.apply(ours(tcpRoutesCRD(['v1'])));
  expect(lines).toEqual([]);
});

test('the larger of the limits in spec and status is wanted', async () => {
  const { fake, kube } = await guard([gatewaysCRD({ limit: 100 })]);
  await kube.apply(ours(gatewaysCRD({ limit: 64, statusLimit: 213 })));
  expect(JSON.stringify(fake.objects())).toContain('"maxItems":213');
});

const service = (ip?: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'envoy-tasks', namespace: 'projectcontour' },
  status: { loadBalancer: ip ? { ingress: [{ ip }] } : {} },
});
const patch = { status: { loadBalancer: { ingress: [{ ip: '10.0.0.2' }] } } };
const toStatus = { type: 'merge', subresource: 'status' } as const;
const policy = {
  apiVersion: 'admissionregistration.k8s.io/v1beta1',
  kind: 'MutatingAdmissionPolicy',
  metadata: { name: 'taskgate-dev-contour' },
};
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'contour-tasks-1', namespace: 'projectcontour' } };

describe('a Gateway that was there', () => {
  test('keeps its address, its pods, and how they are made', async () => {
    const { fake, kube, lines } = await guard([foreignGateway('tasks'), service('192.0.2.9'), pod]);
    await kube.patch(service(), patch, toStatus);
    await kube.apply(policy);
    await kube.apply({ ...policy, kind: 'MutatingAdmissionPolicyBinding' });
    expect(await kube.remove(pod)).toBe(false);
    expect(fake.writes()).toEqual([]);
    expect(lines).toEqual(['Service projectcontour/envoy-tasks was not created by taskgate and keeps its address']);
  });

  test('is reached by whom it was', async () => {
    const { fake, kube, lines } = await guard([foreignGateway('tasks'), service()]);
    await kube.patch(service(), { spec: { loadBalancerSourceRanges: ['10.0.0.1/32'] } }, { type: 'merge' });
    expect(fake.writes()).toEqual([]);
    expect(lines).toEqual([
      'Service projectcontour/envoy-tasks was not created by taskgate: who reaches it stays as it is',
    ]);
  });

  test('other objects of ours are written', async () => {
    const { fake, kube } = await guard([foreignGateway('tasks')]);
    await kube.apply(ours(provisioner));
    expect(fake.writes()).toEqual(['apply Deployment projectcontour/contour-gateway-provisioner']);
  });

  test('what is not there, or no Service, is written', async () => {
    const { fake, kube } = await guard([
      foreignGateway('tasks'),
      provisioner,
      { ...service(), status: undefined } as never,
    ]);
    await kube.patch(provisioner, { metadata: { annotations: { seen: 'yes' } } }, { type: 'merge' });
    await kube.patch(service(), patch, toStatus);
    expect(await kube.remove(provisioner)).toBe(true);
    expect(fake.writes()).toHaveLength(3);
  });

  test('gets an address where it has none', async () => {
    const { fake, kube } = await guard([foreignGateway('tasks'), service()]);
    await kube.patch(service(), patch, toStatus);
    expect(fake.writes()).toEqual(['patch/status Service projectcontour/envoy-tasks']);
  });
});

test('a Gateway of ours gets its address, policies and new pods', async () => {
  const { fake, kube } = await guard([service('192.0.2.9'), pod]);
  await kube.patch(service(), patch, toStatus);
  await kube.patch(service(), { spec: {} }, { type: 'merge' });
  await kube.apply(policy);
  expect(await kube.remove(pod)).toBe(true);
  expect(fake.writes()).toHaveLength(4);
});
