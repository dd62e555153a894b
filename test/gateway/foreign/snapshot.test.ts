import { describe, expect, test } from 'vitest';
import {
  isCreatedBy,
  isSameObject,
  type OriginalState,
  recordOriginalState,
  verifySameCluster,
} from '../../../src/gateway/foreign/snapshot.ts';
import { parseManifest } from '../../../src/gateway/install/manifest.ts';
import { fakeKube } from '../../fakes/kube.ts';
import {
  gatewaysCRD,
  manifestText,
  namespace,
  provisioner,
  spec,
  tcpRoutesCRD,
} from '../../support/gateway/fixture.ts';
import { foreignGateway, installKinds, kubeSystem, labelled } from '../../support/gateway/foreign.ts';

const plan = { spec, manifest: parseManifest(manifestText) };
const foreignDeployment = {
  ...{ apiVersion: 'projectcontour.io/v1alpha1', kind: 'ContourDeployment' },
  metadata: { name: 'tasks', namespace: 'projectcontour' },
};
const nothing: OriginalState = { cluster: 'uid-1', crds: [], existed: [] };

describe('recordOriginalState', () => {
  test('an empty cluster had nothing', async () => {
    const fake = fakeKube({ objects: [kubeSystem], kinds: installKinds });
    expect(await recordOriginalState(fake.kube, plan)).toEqual(nothing);
    expect(fake.writes()).toEqual([]);
  });

  test('kinds that are not served yet hold nothing', async () => {
    const absentKinds = installKinds.filter((kind) => /gateway|contour|admission/.test(kind));
    const kinds = installKinds.filter((kind) => !absentKinds.includes(kind));
    const fake = fakeKube({ objects: [kubeSystem], kinds, absentKinds });
    expect(await recordOriginalState(fake.kube, plan)).toEqual(nothing);
  });

  test('keeps the CRD that is patched in full, and the names of all that existed', async () => {
    const crd = { ...gatewaysCRD(), metadata: { ...gatewaysCRD().metadata, managedFields: [{ manager: 'helm' }] } };
    const fake = fakeKube({ objects: [kubeSystem, crd, provisioner, foreignGateway('tasks')], kinds: installKinds });
    const original = await recordOriginalState(fake.kube, plan);
    expect(original.crds).toEqual([expect.objectContaining({ spec: crd.spec })]);
    expect(original.crds[0]?.metadata).toMatchObject({ managedFields: [{ manager: 'helm' }] });
    expect(original.existed).toEqual([
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'gateways.gateway.networking.k8s.io' },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'contour-gateway-provisioner', namespace: 'projectcontour' },
      },
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        metadata: { name: 'tasks', namespace: 'projectcontour' },
      },
    ]);
    expect(JSON.parse(JSON.stringify(original))).toEqual(original);
  });
});

test('only the CRD of Gateways is kept in full, and each object once', async () => {
  const objects = [kubeSystem, gatewaysCRD(), tcpRoutesCRD(), namespace, foreignDeployment];
  const { crds, existed } = await recordOriginalState(fakeKube({ objects, kinds: installKinds }).kube, plan);
  expect(crds.map(({ metadata }) => metadata.name)).toEqual(['gateways.gateway.networking.k8s.io']);
  expect(existed.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'CustomResourceDefinition gateways.gateway.networking.k8s.io',
    'CustomResourceDefinition tcproutes.gateway.networking.k8s.io',
    'Namespace projectcontour',
    'ContourDeployment tasks',
  ]);
});

const ref = (apiVersion: string, kind: string, name: string, namespace?: string) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace && { namespace }) },
});

test.each([
  [ref('g/v1', 'A', 'x'), ref('g/v1beta1', 'A', 'x'), true],
  [ref('v1', 'A', 'x', 'n'), ref('v1', 'A', 'x', 'n'), true],
  [ref('v1', 'A', 'x', 'n'), ref('v1', 'A', 'x', 'm'), false],
  [ref('g/v1', 'A', 'x'), ref('h/v1', 'A', 'x'), false],
  [ref('v1', 'A', 'x'), ref('v1', 'B', 'x'), false],
  [ref('v1', 'A', 'x'), ref('v1', 'A', 'y'), false],
])('%j and %j are the same: %s', (one, other, isSame) => {
  expect(isSameObject(one, other)).toBe(isSame);
});

test('ours is what has our label and was not there before', () => {
  const gateway = foreignGateway('tasks');
  expect(isCreatedBy(labelled(gateway, 'dev'), { instance: 'dev' }, nothing)).toBe(true);
  expect(isCreatedBy(labelled(gateway, 'other'), { instance: 'dev' }, nothing)).toBe(false);
  expect(isCreatedBy(gateway, { instance: 'dev' }, nothing)).toBe(false);
  expect(isCreatedBy(labelled(gateway, 'dev'), { instance: 'dev' }, { ...nothing, existed: [gateway] })).toBe(false);
});

test('another cluster behind the same context is refused', async () => {
  const { kube } = fakeKube({ objects: [kubeSystem] });
  await verifySameCluster(kube, nothing);
  await expect(verifySameCluster(kube, { ...nothing, cluster: 'uid-2' })).rejects.toMatchObject({
    id: 'cluster.other-cluster',
    message: 'this is not the cluster that was changed: its kube-system has uid uid-1, not uid-2',
    hint: expect.stringContaining('context of the first cluster'),
  });
});
