import { setTimeout as pause } from 'node:timers/promises';
import { isNotFound, type Kube, KubeError } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';

/** Resource version of every object, by kind and name. */
export type Snapshot = ReadonlyMap<string, string>;

type ResourceList = {
  readonly resources: readonly { readonly name: string; readonly verbs: readonly string[] }[];
};

/** A running control plane writes these all the time: heartbeats and what happened. */
const alwaysChanging = new Set(['leases', 'events', 'nodes', 'componentstatuses']);

const listablePaths = async (kube: Kube, groupPath: string): Promise<readonly string[]> => {
  const { resources } = JSON.parse(await kube.text(groupPath)) as ResourceList;
  return resources
    .filter(({ name, verbs }) => verbs.includes('list') && !alwaysChanging.has(name))
    .map(({ name }) => `${groupPath}/${name}`);
};

const groupPaths = async (kube: Kube): Promise<readonly string[]> => {
  const { groups } = JSON.parse(await kube.text('/apis')) as {
    groups: readonly { preferredVersion: { groupVersion: string } }[];
  };
  return ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
};

/** A group, or a kind, whose CRD goes at this moment is still in the list of all, and has nothing. */
const orNothing = async <T>(reading: Promise<readonly T[]>): Promise<readonly T[]> => {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
};

/** A kind that nobody has listed before is not cached at once: 429, `storage is (re)initializing`. */
const listOnceCached = async (kube: Kube, path: string): Promise<readonly KubeObject[]> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return (JSON.parse(await kube.text(path)) as { items: readonly KubeObject[] }).items;
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== 429 || attempt === 50) throw error;
      await pause(100);
    }
  }
};

/** Every object of the cluster, without those that change by themselves. */
export const takeSnapshot = async (kube: Kube): Promise<Snapshot> => {
  const groups = await groupPaths(kube);
  const paths = (await Promise.all(groups.map((path) => orNothing(listablePaths(kube, path))))).flat();
  const lists = await Promise.all(
    paths.map(async (path) => {
      const kind = path.split('/').at(-1);
      const objects = await orNothing(listOnceCached(kube, path));
      return objects.map(({ metadata: { namespace, name, resourceVersion = '' } }): readonly [string, string] => [
        `${kind} ${namespace ? `${namespace}/` : ''}${name}`,
        resourceVersion,
      ]);
    }),
  );
  return new Map(lists.flat());
};

/** What was changed, made or removed between two snapshots. */
export const changesBetween = (before: Snapshot, after: Snapshot): readonly string[] => [
  ...[...after].flatMap(([key, version]) => {
    if (!before.has(key)) return [`made ${key}`];
    return before.get(key) === version ? [] : [`changed ${key}`];
  }),
  ...[...before.keys()].filter((key) => !after.has(key)).map((key) => `removed ${key}`),
];

const settled = { withinMs: 60_000, lookMs: 500 };

/**
 * The snapshot of a cluster that has come to rest: two looks, half a second apart, show no change but those that `passing`
 * matches (as `changesBetween` tells them). A CRD gets its last condition seconds after it was made, a namespace its
 * account. Throws Error with the last changes after 60 s.
 */
export const takeSettledSnapshot = async (kube: Kube, passing?: RegExp): Promise<Snapshot> => {
  const deadline = performance.now() + settled.withinMs;
  for (let last = await takeSnapshot(kube); ; ) {
    await pause(settled.lookMs);
    const now = await takeSnapshot(kube);
    const changes = changesBetween(last, now).filter((change) => !passing?.test(change));
    if (changes.length === 0) return now;
    if (performance.now() > deadline) throw new Error(`the cluster does not come to rest: ${changes.join(', ')}`);
    last = now;
  }
};
