import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { freeHoldings } from '../../src/gateway/leaks/free.ts';
import { isDead, type TaskPlace } from '../../src/gateway/leaks/holdings.ts';
import { findHoldings, findMissingRights, lookOnce } from '../../src/gateway/leaks/look.ts';
import { isConflict, type Kube } from '../../src/lib/kube/client.ts';
import type { Gateway } from '../../src/lib/kube/shapes.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { gatewayRef } from '../../src/model/gateway-api.ts';
import { addTaskListeners } from '../fakes/determined/listeners.ts';
import {
  clusterId,
  makeCommandConfigMap,
  makeCommandJob,
  makeCommandPath,
  type StandInTask,
} from '../fakes/determined/shapes.ts';
import { connectWith } from '../support/api/account.ts';
import { administrator, endpointOf, newGateway, newNamespace } from '../support/api/cluster.ts';

const detMaster = { scheme: 'http', host: '192.0.2.1', port: 8080 } as const;
const podPorts = [8000, 9000];
const later = () => Date.now() + 3_600_000;

const newPlace = async (kube: Kube) => {
  const spec = await newGateway(kube);
  const namespace = await newNamespace(kube);
  const gateway = { name: spec.name, namespace: spec.namespace };
  return { place: { gateway, namespace } satisfies TaskPlace, endpoint: endpointOf(spec) };
};

type Scene = Awaited<ReturnType<typeof newPlace>>;

const insist = async <T>(work: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
};

/** A task as the stand-in master makes it, in the real one's order; one without a Job is dead. */
const launch = async (kube: Kube, { place, endpoint }: Scene, { hasJob }: { readonly hasJob: boolean }) => {
  const id = randomUUID();
  const task: StandInTask = {
    ...{ id, allocationId: `${id}.1`, jobName: `det-${clusterId.slice(0, 8)}-cmd-${id}` },
    ...{ namespace: place.namespace, podPorts, nonce: 'n' },
  };
  await kube.create(makeCommandConfigMap(task));
  if (hasJob) await kube.create(makeCommandJob(task, { image: 'agnhost', master: detMaster, hasPriority: false }));
  const ports = await insist(() =>
    addTaskListeners(kube, endpoint, { allocationId: task.allocationId, count: podPorts.length }),
  );
  for (const [index, podPort] of podPorts.entries()) {
    const path = { index, podPort, listenerPort: ports[index] ?? 0 };
    for (const object of makeCommandPath(task, path, place.gateway)) await kube.create(object as KubeObject);
  }
  return { ...task, ports };
};

const gatewayOf = (kube: Kube, { place }: Scene) => kube.get<Gateway>(gatewayRef(place.gateway));
const portsOn = ({ spec }: Gateway): readonly number[] => spec.listeners.map(({ port }) => port).toSorted();

const free = async (kube: Kube, { place }: Scene) => {
  const dead = (await lookOnce(kube, place, later())).filter(isDead);
  return { dead, freed: await freeHoldings(kube, place, dead) };
};

describe('what dead tasks hold', () => {
  test('is freed beside a master that launches tasks all the while: no living task loses a thing', async () => {
    const kube = administrator();
    const scene = await newPlace(kube);
    const dead = await Promise.all(Array.from({ length: 5 }, () => launch(kube, scene, { hasJob: false })));
    const before = await launch(kube, scene, { hasJob: true });
    const [{ freed }, ...living] = await Promise.all([
      free(kube, scene),
      ...Array.from({ length: 8 }, () => launch(kube, scene, { hasJob: true })),
    ]);
    // a race that was lost five times is told, and the next run frees it; by this clock a task in the making is old, too
    const deadIds = dead.map(({ allocationId }) => allocationId);
    const stuck = freed.filter(({ allocationId, left }) => left.length > 0 && deadIds.includes(allocationId));
    for (const { because } of stuck) expect(because).toContain('five tries were too late');
    await free(kube, scene);

    const gateway = await gatewayOf(kube, scene);
    const expected = [before, ...living].flatMap(({ ports }) => ports);
    expect(portsOn(gateway)).toEqual([19999, ...expected].toSorted());
    const ids = [before, ...living].map(({ allocationId }) => allocationId);
    const holdings = await lookOnce(kube, scene.place, later());
    expect(holdings.map(({ allocationId }) => allocationId).toSorted()).toEqual(ids.toSorted());
    for (const { state, ports, objects } of holdings) {
      expect({ state, ports: ports.length }).toEqual({ state: 'lives', ports: 2 });
      expect(objects.map(({ kind }) => kind).toSorted()).toEqual([
        'ConfigMap',
        'Job',
        'Service',
        'Service',
        'TCPRoute',
        'TCPRoute',
      ]);
    }
    expect(dead).toHaveLength(5);
  });

  test('a task in the making is never dead, in whatever moment it is seen', async () => {
    const kube = administrator();
    const scene = await newPlace(kube);
    const launching = Promise.all(Array.from({ length: 6 }, () => launch(kube, scene, { hasJob: true })));
    let isOver = false;
    const over = launching.then(() => {
      isOver = true;
    });
    const seen: string[] = [];
    while (!isOver) {
      const holdings = await findHoldings(kube, scene.place, { pauseMs: 10 });
      seen.push(...holdings.map(({ state }) => state));
    }
    await over;
    expect(new Set(seen).difference(new Set(['lives', 'new']))).toEqual(new Set());
    expect(seen).toContain('lives');
  });

  test('an object made again under its name is no longer the one that was seen', async () => {
    const kube = administrator();
    const namespace = await newNamespace(kube);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace } };
    const { metadata } = await kube.create<KubeObject>(map);
    await kube.remove(map);
    await kube.create(map);
    const uid = metadata.uid ?? '';
    await expect(kube.remove(map, { uid })).rejects.toMatchObject({ code: 409 });
    expect(await kube.remove(map, { uid: (await kube.get(map)).metadata.uid ?? '' })).toBe(true);
  });
});

const group = 'gateway.networking.k8s.io';
const rule = (apiGroups: string, resources: readonly string[], verbs: readonly string[]) => ({
  ...{ apiGroups: [apiGroups], resources, verbs },
});

test('the rights that are asked for are enough, and without them each one is named', async () => {
  const admin = administrator();
  const scene = await newPlace(admin);
  const namespace = await newNamespace(admin);
  const dead = await launch(admin, scene, { hasJob: false });
  const least = await connectWith(admin, {
    ...{ namespace, name: 'cleaner' },
    rules: [
      rule('batch', ['jobs'], ['list']),
      rule('', ['pods'], ['list']),
      rule('', ['services', 'configmaps'], ['list', 'delete']),
      rule(group, ['tcproutes'], ['list', 'delete']),
      rule(group, ['gateways'], ['get', 'update']),
    ],
  });
  const nobody = await connectWith(admin, { namespace, name: 'nobody', rules: [] });
  const intent = { free: true, ended: false };
  await expect.poll(() => findMissingRights(least, scene.place, intent)).toEqual([]);
  expect(await findMissingRights(nobody, scene.place, intent)).toHaveLength(10);
  const { freed } = await free(least, scene);
  expect(freed).toMatchObject([{ allocationId: dead.allocationId, left: [] }]);
  expect(portsOn(await gatewayOf(admin, scene))).toEqual([19999]);
});
