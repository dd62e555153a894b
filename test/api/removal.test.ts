import { describe, expect, test } from 'vitest';
import type { GatewaySpec } from '../../src/gateway/spec.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { Gateway } from '../../src/lib/kube/shapes.ts';
import { gatewayRef, tcpRouteKind } from '../../src/model/gateway-api.ts';
import { prove } from '../../src/proof/prove.ts';
import { removeLeftovers, removeSampleTask } from '../../src/proof/sample-task/removal.ts';
import { exposeSampleTask, startSampleTask } from '../../src/proof/sample-task/sample-task.ts';
import { connectWith } from '../support/api/account.ts';
import { administrator, endpointOf, newGateway, newInstance, untilSeen } from '../support/api/cluster.ts';

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';
const master = { scheme: 'http', host: '192.0.2.1', port: 8080, via: 'direct' } as const;

const ownerOf = ({ instance, instanceId }: GatewaySpec) => ({ instance, ...(instanceId && { instanceId }) });

const start = async (kube: Kube, spec: GatewaySpec, owner = ownerOf(spec)) => {
  const task = await startSampleTask(kube, { ...owner, namespace: spec.namespace, image, master });
  return exposeSampleTask(kube, task, { gateway: endpointOf(spec), ports: 'lowest' });
};

const kinds = [{ apiVersion: 'batch/v1', kind: 'Job' }, { apiVersion: 'v1', kind: 'Service' }, tcpRouteKind];
const left = async (kube: Kube, { namespace }: GatewaySpec): Promise<readonly string[]> => {
  const lists = await Promise.all(kinds.map(({ apiVersion, kind }) => kube.list({ apiVersion, kind, namespace })));
  return lists.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
};
const listeners = async (kube: Kube, spec: GatewaySpec): Promise<readonly string[]> =>
  (await kube.get<Gateway>(gatewayRef(spec))).spec.listeners.map(({ name }) => name);

const finalizers = (value: readonly string[] | null) => ({ metadata: { finalizers: value } });

describe('the removal of a sample task', () => {
  test('is over only when what a finalizer held has gone', async () => {
    const kube = administrator();
    const spec = await newGateway(kube);
    const task = await start(kube, spec);
    const [{ name }] = task.exposures as unknown as readonly [{ readonly name: string }];
    const route = { ...tcpRouteKind, metadata: { name, namespace: spec.namespace } };
    await kube.patch(route, finalizers(['example.com/hold']), { type: 'merge' });
    let isOver = false;
    const removing = removeSampleTask(kube, task, spec).then((removed) => {
      isOver = true;
      return removed;
    });
    await untilSeen('all but the route', async () => {
      const { metadata } = await kube.get(route);
      const others = await left(kube, spec);
      return others.length === 1 && metadata.deletionTimestamp ? true : others.join(', ');
    });
    expect(isOver).toBe(false);
    await kube.patch(route, finalizers(null), { type: 'merge' });
    expect(await removing).toHaveLength(2 + 1 + 2 * 2);
    expect(await left(kube, spec)).toEqual([]);
    expect(await listeners(kube, spec)).toEqual(['taskgate-seed']);
  });

  test('leaves what another instance of the same name has', async () => {
    const kube = administrator();
    const spec = await newGateway(kube);
    const mine = await start(kube, spec);
    const theirs = await start(kube, spec, { ...newInstance(), instance: spec.instance });
    const before = await left(kube, spec);
    await removeSampleTask(kube, mine, spec);
    expect(await left(kube, spec)).toEqual(before.filter((one) => one.includes(theirs.jobName)));
    expect(await listeners(kube, spec)).toEqual([
      'taskgate-seed',
      ...theirs.exposures.map((one) => `det-${one.listenerPort}`),
    ]);
  });

  test('of a killed run finds all of it by its labels, in whatever state it was left', async () => {
    const kube = administrator();
    const spec = await newGateway(kube);
    const task = await start(kube, spec);
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: task.jobName, namespace: spec.namespace } };
    // a run whose process is gone
    await kube.patch(job, { metadata: { annotations: { 'taskgate.dev/owner': null } } }, { type: 'merge' });
    const removed = await removeLeftovers(kube, { ...ownerOf(spec), namespace: spec.namespace, gateway: spec });
    expect(removed).toContain(`Job ${task.jobName}`);
    expect(await left(kube, spec)).toEqual([]);
    expect(await listeners(kube, spec)).toEqual(['taskgate-seed']);
  });
});

/** Everything that a proof does, but for what is named. */
const rulesWithout = (verb: string, resource: string) => {
  const groups: Readonly<Record<string, readonly string[]>> = {
    '': ['services', 'configmaps', 'pods', 'events', 'namespaces', 'nodes'],
    batch: ['jobs'],
    'gateway.networking.k8s.io': ['gateways', 'tcproutes'],
    'discovery.k8s.io': ['endpointslices'],
  };
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'delete'];
  return Object.entries(groups).flatMap(([group, resources]) =>
    resources.map((one) => ({
      ...{ apiGroups: [group], resources: [one] },
      verbs: one === resource ? verbs.filter((it) => it !== verb) : verbs,
    })),
  );
};

describe('a proof by somebody whom the API server lets not', () => {
  test.each([
    ['delete', 'services', 'Service'],
    ['delete', 'tcproutes', 'TCPRoute'],
    ['delete', 'jobs', 'Job'],
  ] as const)('%s %s: is not ok, says so, and %s is what is left', async (verb, resource, kind) => {
    const admin = administrator();
    const spec = await newGateway(admin);
    const rules = rulesWithout(verb, resource);
    const kube = await connectWith(admin, { namespace: spec.namespace, name: 'prover', rules });
    const proven = await prove(kube, {
      ...{ ...ownerOf(spec), namespace: spec.namespace, image, master, timeoutMs: 200 },
      ...{ gateway: endpointOf(spec), ports: 'lowest' },
    });
    expect(proven.ok).toBe(false);
    expect(proven.cleanup).toMatchObject({
      ok: false,
      finding: { cause: expect.stringContaining(`cannot ${verb} resource "${resource}"`) },
    });
    const kept = await left(admin, spec);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.filter((one) => !one.startsWith(`${kind} `))).toEqual([]);
  });

  test.each([
    ['update', 'gateways', 'cannot update resource "gateways"'],
    ['create', 'tcproutes', 'cannot create resource "tcproutes"'],
  ] as const)('%s %s: ends it with the refusal, and nothing is left', async (verb, resource, words) => {
    const admin = administrator();
    const spec = await newGateway(admin);
    const kube = await connectWith(admin, {
      namespace: spec.namespace,
      name: 'prover',
      rules: rulesWithout(verb, resource),
    });
    const { ok, hops } = await prove(kube, {
      ...{ ...ownerOf(spec), namespace: spec.namespace, image, master, timeoutMs: 200 },
      ...{ gateway: endpointOf(spec), ports: 'lowest' },
    });
    expect(ok).toBe(false);
    expect(hops).toEqual([expect.objectContaining({ ok: false, evidence: expect.stringContaining(words) })]);
    expect(await left(admin, spec)).toEqual([]);
    expect(await listeners(admin, spec)).toEqual(['taskgate-seed']);
  });
});
