import { expect, test } from 'vitest';
import { installContour } from '../../../src/gateway/install/contour.ts';
import { type CRD, listenerLimits } from '../../../src/gateway/install/listener-limit.ts';
import { parseManifest } from '../../../src/gateway/install/manifest.ts';
import { renderYaml } from '../../../src/lib/template.ts';
import { refusal } from '../../fakes/kube.ts';
import { contourCluster, contourKinds, holds, playContour } from '../../support/gateway/contour-cluster.ts';
import { gatewaysCRD, manifestText, provisioner, spec, tcpRoutesCRD } from '../../support/gateway/fixture.ts';

const manifest = parseManifest(manifestText);
const input = { spec, manifest, timeoutMs: 60_000 };
const isCRD = ({ kind }: { readonly kind: string }) => kind === 'CustomResourceDefinition';

test('the CRDs are waited for until the API server has established each of them', async () => {
  const fake = contourCluster({ react: () => undefined });
  let isDone = false;
  const installing = installContour({ ...input, kube: fake.kube }).then(() => {
    isDone = true;
  });
  await expect.poll(() => fake.calls).toContain('watch CustomResourceDefinition');
  const [first, ...others] = fake.objects().filter(isCRD);
  for (const crd of others) fake.put({ ...crd, status: holds('Established') } as never);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isDone).toBe(false);
  fake.put({ ...first, status: holds('Established') } as never);
  await installing;
});

test('at the deadline the CRD that is not established is named', async () => {
  const { kube } = contourCluster({
    react: (object, fake) => {
      if (!object.metadata.name.startsWith('gateways.')) playContour(object, fake);
    },
  });
  await expect(installContour({ ...input, kube, timeoutMs: 30 })).rejects.toMatchObject({
    id: 'gateway.crds-not-established',
    message:
      'CustomResourceDefinitions not ready after 0s: gateways.gateway.networking.k8s.io: no Established condition yet',
  });
});

test('CRDs of this instance that the manifest has no more are not waited for', async () => {
  const old = { ...tcpRoutesCRD(), metadata: { name: 'old.example', labels: { 'taskgate.dev/instance': 'dev' } } };
  const { kube, objects } = contourCluster({
    objects: [old],
    react: (object, fake) => {
      if (object.metadata.name !== 'old.example') playContour(object, fake);
    },
  });
  await installContour({ ...input, kube });
  expect(objects().filter((object) => isCRD(object) && !('status' in object))).toEqual([
    expect.objectContaining({ metadata: expect.objectContaining({ name: 'old.example' }) }),
  ]);
});

test('CRDs that are established already are not watched', async () => {
  const fake = contourCluster();
  await installContour({ ...input, kube: fake.kube });
  const before = fake.calls.length;
  await installContour({ ...input, kube: fake.kube });
  expect(fake.calls.slice(before)).not.toContain('watch CustomResourceDefinition');
});

test('one that another client removes meanwhile is counted', async () => {
  const fake = contourCluster({ react: () => undefined });
  const installing = installContour({ ...input, kube: fake.kube, timeoutMs: 300 });
  const refused = expect(installing).rejects.toThrow(/: 2 of 3 seen/);
  await expect.poll(() => fake.calls).toContain('watch CustomResourceDefinition');
  const [first, ...others] = fake.objects().filter(isCRD);
  for (const crd of others) fake.put({ ...crd, status: holds('Established') } as never);
  fake.drop(first as never);
  await refused;
});

test('a CRD that is new is waited for beside those that are established', async () => {
  const fake = contourCluster();
  await installContour({ ...input, kube: fake.kube });
  const [first] = fake.objects().filter(isCRD);
  fake.drop(first as never);
  const before = fake.calls.length;
  await installContour({ ...input, kube: fake.kube });
  expect(fake.calls.slice(before)).toContain('watch CustomResourceDefinition');
});

test('the Namespace is there before what is in it, and each object is written once', async () => {
  const fake = contourCluster();
  const reversed = { ...manifest, rest: manifest.rest.toReversed() };
  expect(reversed.rest.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'Namespace']);
  await installContour({ ...input, manifest: reversed, kube: fake.kube });
  expect(fake.calls.filter((call) => /^apply (Namespace|ServiceAccount)/.test(call))).toEqual([
    'apply Namespace projectcontour',
    'apply ServiceAccount projectcontour/provisioner',
  ]);
});

const rbac = 'rbac.authorization.k8s.io';
const roleKinds = ['RoleBinding', 'ClusterRoleBinding', 'Role', 'ClusterRole'];
const withRoles = {
  ...manifest,
  rest: roleKinds.map((kind) => ({ apiVersion: `${rbac}/v1`, kind, metadata: { name: 'one' } })),
};
const rolesCluster = () =>
  contourCluster({ kinds: [...contourKinds, ...roleKinds.map((kind) => `${rbac}/v1/${kind}`)] });

test('roles are there before what binds them; a binding whose role the API server does not see yet is tried again', async () => {
  const fake = rolesCluster();
  let unseen = 2;
  const apply: typeof fake.kube.apply = (object, options) => {
    if (object.kind === 'RoleBinding' && unseen-- > 0) throw refusal(404, 'NotFound', 'roles "one" not found');
    return fake.kube.apply(object, options);
  };
  await installContour({ ...input, manifest: withRoles, kube: { ...fake.kube, apply } });
  const written = fake.calls.filter((call) => /^apply (Cluster)?Role/.test(call)).map((call) => call.split(' ')[1]);
  expect(written.slice(0, 2).toSorted()).toEqual(['ClusterRole', 'Role']);
  expect(written.slice(2).toSorted()).toEqual(['ClusterRoleBinding', 'RoleBinding']);
  expect(unseen).toBe(-1);
});

test.each([
  ['another refusal of a binding', 'RoleBinding', refusal(403, 'Forbidden', 'not you')],
  ['a 404 of what is no binding', 'Role', refusal(404, 'NotFound', 'namespaces "a" not found')],
])('%s is final', async (_, kind, error) => {
  const fake = rolesCluster();
  const tried: string[] = [];
  const apply: typeof fake.kube.apply = (object, options) => {
    if (object.kind !== kind) return fake.kube.apply(object, options);
    tried.push(object.kind);
    throw error;
  };
  await expect(installContour({ ...input, manifest: withRoles, kube: { ...fake.kube, apply } })).rejects.toBe(error);
  expect(tried).toEqual([kind]);
});

test.each([
  ['gateway.networking.k8s.io', false],
  ['gateway.networking.x-k8s.io', false],
  ['gateway.networking.k8s.io.example', true],
  ['other.gateway.networking.k8s.io', true],
  ['projectcontour.io', true],
])('where the installed Gateway API is kept, a CRD of %s is written: %s', async (group, isWritten) => {
  const crd: CRD = { ...tcpRoutesCRD(), metadata: { name: `things.${group}` }, spec: { group, versions: [] } };
  const text = [crd, gatewaysCRD(), provisioner].map(renderYaml).join('---\n');
  const { kube, writes } = contourCluster({ objects: [gatewaysCRD({ limit: 213 })] });
  await installContour({ ...input, kube, manifest: parseManifest(text), crds: 'keep' });
  expect(writes().includes(`apply CustomResourceDefinition things.${group}`)).toBe(isWritten);
});

test.each([
  ['is raised', 64, ['update CustomResourceDefinition gateways.gateway.networking.k8s.io']],
  ['is kept', 213, []],
  ['is not lowered', 300, []],
])('a limit of the installed Gateway API %s', async (_, limit, updates) => {
  const fake = contourCluster({ objects: [gatewaysCRD({ limit })] });
  await installContour({ ...input, kube: fake.kube, crds: 'keep' });
  expect(fake.writes().filter((call) => call.startsWith('update'))).toEqual(updates);
  const [crd] = fake.objects().filter(({ metadata }) => metadata.name.startsWith('gateways.'));
  expect(crd && listenerLimits(crd as CRD)[0]?.spec).toBe(Math.max(limit, 213));
});

test('an interrupt ends the wait for the CRDs', async () => {
  const { kube } = contourCluster({ react: () => undefined });
  const signal = AbortSignal.abort(new Error('interrupted'));
  await expect(installContour({ ...input, kube, signal })).rejects.toThrow('interrupted');
});
