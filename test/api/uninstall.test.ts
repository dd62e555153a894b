import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../scripts/testbed/api-server.ts';
import { changesBetween, type Snapshot, takeSettledSnapshot, takeSnapshot } from '../../scripts/testbed/objects.ts';
import { ensureMasterAccount } from '../../src/commands/config/account.ts';
import { applyGatewayObjects, applyInstallation } from '../../src/gateway/ensure.ts';
import { guardForeign } from '../../src/gateway/foreign/guard.ts';
import { type OriginalState, recordOriginalState } from '../../src/gateway/foreign/snapshot.ts';
import type { CRD } from '../../src/gateway/install/listener-limit.ts';
import { listenerLimits } from '../../src/gateway/install/listener-limit.ts';
import { type Manifest, parseManifest } from '../../src/gateway/install/manifest.ts';
import { applyPolicy } from '../../src/gateway/policies/kept.ts';
import { taskPolicy } from '../../src/gateway/policies/task-policy.ts';
import { isEstablished } from '../../src/gateway/ready/conditions.ts';
import { crdKind, type GatewaySpec, gatewaysCRDName } from '../../src/gateway/spec.ts';
import { removeGatewayObjects } from '../../src/gateway/uninstall/uninstall.ts';
import { connect, type Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { exposeSampleTask, startSampleTask } from '../../src/proof/sample-task/sample-task.ts';
import { endpointOf, newInstance, untilSeen, untilSettled } from '../support/api/cluster.ts';
import { gatewaySpec } from '../support/api/gateway.ts';

/** Of its own: the whole cluster is compared, and its CRDs come and go. */
let server: ApiServer;
let kube: Kube;
let manifest: Manifest;
beforeAll(async () => {
  server = await startApiServer();
  kube = connect(server.kubeconfig);
  manifest = parseManifest(await readFile(server.manifestPath, 'utf8'));
  await untilSettled(kube);
});
afterAll(() => server?.remove());

/** What the API server keeps for each group that is served. */
const passing = / (apiservices|servicecidrs|ipaddresses)( |$)/;
const changesSince = async (before: Snapshot): Promise<readonly string[]> =>
  changesBetween(before, await takeSnapshot(kube))
    .filter((change) => !passing.test(change))
    .toSorted();

const { signal } = new AbortController();
const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';

/** Writes all that an instance ever writes to a cluster of somebody else's, as `up` and `config account` do. */
const installAll = async (spec: GatewaySpec, original: OriginalState): Promise<void> => {
  const input = { kube: guardForeign(kube, { spec, original }), spec, timeoutMs: 60_000, manifest };
  await applyInstallation(input);
  await applyGatewayObjects(input);
  const taskNamespace = 'default';
  const policy = taskPolicy({
    ...{ instance: spec.instance, instanceId: spec.instanceId ?? '', namespace: taskNamespace, gateway: spec },
    ...{ master: { port: 8080, ranges: undefined }, egressAllow: [], taskToTask: false },
  });
  await applyPolicy(kube, spec, policy);
  await ensureMasterAccount(
    kube,
    { owner: spec, place: { taskNamespace, gateway: spec } },
    { timeoutMs: 30_000, signal },
  );
  const task = await startSampleTask(kube, {
    ...{ instance: spec.instance, ...(spec.instanceId && { instanceId: spec.instanceId }), namespace: taskNamespace },
    ...{ image, master: { scheme: 'https', host: '192.0.2.1', port: 443, via: 'url' }, withStranger: true },
  });
  await exposeSampleTask(kube, task, { gateway: endpointOf(spec), ports: 'lowest' });
};

const specOf = (change: Partial<GatewaySpec> = {}): GatewaySpec => ({ ...gatewaySpec, ...newInstance(), ...change });

const original = async (spec: GatewaySpec): Promise<OriginalState> => recordOriginalState(kube, { spec, manifest });

const remove = async (spec: GatewaySpec, before: OriginalState) =>
  removeGatewayObjects(kube, spec, { original: before, timeoutMs: 60_000 });

describe('down on a cluster that had nothing', () => {
  test('leaves the cluster as it was, to the last object', async () => {
    const before = await takeSnapshot(kube);
    const spec = specOf();
    const state = await original(spec);
    await installAll(spec, state);
    expect((await changesSince(before)).length).toBeGreaterThan(40);
    const { left, removed } = await remove(spec, state);
    expect(left).toEqual([]);
    expect(removed.length).toBeGreaterThan(30);
    expect(await changesSince(before)).toEqual([]);
  });

  test('a second time there is nothing to do', async () => {
    const spec = specOf();
    expect(await remove(spec, await original(spec))).toEqual({ removed: [], restored: [], left: [] });
  });
});

const crdRef = { ...crdKind, metadata: { name: gatewaysCRDName } };
const limitsNow = async () => listenerLimits(await kube.get<CRD>(crdRef)).map(({ spec, status }) => [spec, status]);

describe("down on a cluster with somebody else's Gateway API and another instance", () => {
  const theirs = specOf({ name: 'theirs', className: 'theirs', namespace: 'theirs' });
  let before: Snapshot;
  let crd: CRD;

  const theirGateway = (count: number): KubeObject & { readonly spec: object } => ({
    ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' },
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      gatewayClassName: 'web',
      listeners: Array.from({ length: count }, (_, index) => ({
        ...{ name: `det-${1025 + index}`, port: 1025 + index, protocol: 'TCP' },
      })),
    },
  });

  beforeAll(async () => {
    const gatewayAPI = manifest.crds.filter(({ spec }) => spec.group.startsWith('gateway.networking.'));
    await Promise.all(gatewayAPI.map((one) => kube.apply(one)));
    for (const crd of gatewayAPI)
      await untilSeen(crd.metadata.name, async () =>
        isEstablished(await kube.get<CRD>({ ...crdKind, metadata: crd.metadata })),
      );
    await untilSeen('the kind Gateway', async () => (await kube.apply(theirGateway(64))) && true);
    // an instance of another user, whose name is the same
    await kube.apply({
      ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
      metadata: {
        ...{ name: 'namesake', namespace: 'default' },
        labels: { 'taskgate.dev/instance': theirs.instance, 'taskgate.dev/instance-id': newInstance().instanceId },
      },
    });
    before = await takeSettledSnapshot(kube, passing);
    crd = await kube.get<CRD>(crdRef);
  });

  test('the limit of upstream is 64 listeners: 65 are refused, and taken while the instance is there', async () => {
    const more = () => kube.apply(theirGateway(65), { dryRun: true });
    await expect(more()).rejects.toThrow('Too many: 65: must have at most 64 items');
    const state = await original(theirs);
    await installAll(theirs, state);
    expect(await limitsNow()).toEqual([
      [256, 256],
      [256, 256],
    ]);
    await expect.poll(() => more().then(() => 'taken', String)).toBe('taken');
    const { left, restored } = await remove(theirs, state);
    expect(left).toEqual([]);
    expect(restored).toEqual([`CustomResourceDefinition ${gatewaysCRDName}`]);
    await expect.poll(() => more().then(() => 'taken', String)).toMatch(/at most 64 items/);
  });

  test('nothing else was touched; the CRD has its own spec, fields and owners again', async () => {
    expect(await changesSince(before)).toEqual([`changed customresourcedefinitions ${gatewaysCRDName}`]);
    const now = await kube.get<CRD>(crdRef);
    expect(now.spec).toEqual(crd.spec);
    const { resourceVersion: _, generation: __, ...metadata } = now.metadata;
    const { resourceVersion: ___, generation: ____, ...own } = crd.metadata;
    expect(metadata).toEqual(own);
  });

  test('a limit that somebody needs by now is not lowered, and that is said', async () => {
    const state = await original(theirs);
    await installAll(theirs, state);
    await expect.poll(() => kube.apply(theirGateway(65)).then(() => 'taken', String)).toBe('taken');
    const { left, restored } = await remove(theirs, state);
    expect(restored).toEqual([]);
    expect(left).toEqual([
      {
        what: `the raised listener limit of CustomResourceDefinition ${gatewaysCRDName}`,
        why: 'Gateway default/web has 65 listeners, more than the original limit of 64',
      },
    ]);
    expect(await limitsNow()).toEqual([
      [256, 256],
      [256, 256],
    ]);
  });
});
