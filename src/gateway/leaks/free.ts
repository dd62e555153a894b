import { messageOf } from '../../lib/errors.ts';
import { isConflict, isForbidden, type Kube, KubeError } from '../../lib/kube/client.ts';
import { retryOnConflict } from '../../lib/kube/conflict.ts';
import { describeRef, type Gateway } from '../../lib/kube/shapes.ts';
import type { KubeObject, ObjectRef } from '../../lib/kube/types.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import { listenerName, portsOf, withoutListeners } from '../../model/task-listener.ts';
import { priorityClass } from '../../model/task-objects.ts';
import { describeLeft, type Holding, livingOf, portsInUse, type TaskPlace } from './holdings.ts';
import { listRoutes, listWorkloads, lookOnce } from './look.ts';

/** What has become of one dead task's objects. */
export type Freed = {
  readonly allocationId: string;
  readonly removed: readonly string[];
  readonly left: readonly string[];
  /** Why something is left. */
  readonly because?: string;
};

type Work = { readonly holding: Holding; readonly removed: string[]; readonly kept: string[]; because?: string };

const cameToLife = 'it has a Job or a pod again';

const giveUp = (work: Work, because: string): void => {
  work.because ??= because;
};

const removeObject = async (kube: Kube, object: ObjectRef | KubeObject, work: Work): Promise<void> => {
  const uid = 'uid' in object.metadata ? object.metadata.uid : undefined;
  try {
    // one that is gone already was removed by its master
    if (await kube.remove(object, uid === undefined ? {} : { uid })) work.removed.push(describeRef(object));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (isForbidden(error) && object.kind === priorityClass.kind) return;
    work.kept.push(describeRef(object));
    giveUp(work, isConflict(error) ? `${describeRef(object)} was made again` : messageOf(error));
  }
};

/** Of the whole cluster; where its removal is refused, the master, too, goes on in silence. */
const priorityOf = ({ allocationId }: Holding): ObjectRef => {
  const { apiVersion, kind, nameOf } = priorityClass;
  return { apiVersion, kind, metadata: { name: nameOf(allocationId) } };
};

/** Routes go first, so that no port is handed out again while a dead task's route leads to it. */
const removeObjects = async (kube: Kube, work: Work): Promise<void> => {
  const { allocationId, objects } = work.holding;
  if (livingOf(await listWorkloads(kube)).has(allocationId)) {
    work.kept.push(...objects.map(describeRef));
    return giveUp(work, cameToLife);
  }
  for (const object of objects) {
    // one that keeps its route keeps the rest, too
    if (work.because === undefined) await removeObject(kube, object, work);
    else work.kept.push(describeRef(object));
  }
  if (work.because === undefined) await removeObject(kube, priorityOf(work.holding), work);
};

/**
 * Takes the listeners and annotations of these allocations off the live Gateway, as the master does: reads it, looks again
 * at what lives, and replaces it at the version that was read. So a listener that a master adds meanwhile is a conflict,
 * and this begins again. Returns the ports that were freed.
 */
const freeListeners = (kube: Kube, { gateway }: TaskPlace, ids: ReadonlySet<string>): Promise<readonly number[]> =>
  retryOnConflict(async () => {
    const live = await kube.find<Gateway>(gatewayRef(gateway));
    if (!live || portsOf(live, (id) => ids.has(id)).length === 0) return [];
    const [routes, workloads] = await Promise.all([listRoutes(kube), listWorkloads(kube)]);
    const living = livingOf(workloads);
    const inUse = portsInUse(routes, living, gateway);
    const ports = portsOf(live, (id) => ids.has(id) && !living.has(id)).filter((port) => !inUse.has(port));
    if (ports.length > 0) await kube.update(withoutListeners(live, ports));
    return ports;
  });

/** Returns the ports that were freed; one that another task has by now is not among them. */
const settleListeners = async (kube: Kube, place: TaskPlace, works: readonly Work[]): Promise<readonly number[]> => {
  const due = works.filter(({ because, holding }) => because === undefined && holding.ports.length > 0);
  if (due.length === 0) return [];
  const ids = new Set(due.map(({ holding }) => holding.allocationId));
  try {
    return await freeListeners(kube, place, ids);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const because = isConflict(error)
      ? 'another client keeps changing the Gateway; five tries were too late'
      : messageOf(error);
    for (const work of due) giveUp(work, because);
    return [];
  }
};

const isSame = (one: KubeObject, other: KubeObject): boolean =>
  one.metadata.uid === other.metadata.uid && describeRef(one) === describeRef(other);

/** What is there afterwards, and the ports that were freed. */
type Outcome = { readonly after: readonly Holding[]; readonly freedPorts: readonly number[] };

/** Compares with what is there afterwards: an object with a finalizer stays, though its removal was accepted. */
const resultOf = ({ holding, removed, kept, because }: Work, { after, freedPorts }: Outcome): Freed => {
  const { allocationId, ports } = holding;
  const now = after.find((one) => one.allocationId === allocationId);
  const isHeld = (port: number): boolean => now?.ports.some((one) => one.port === port) ?? false;
  const left = ports.filter(({ port }) => isHeld(port));
  const freed = ports
    .filter(({ port }) => freedPorts.includes(port) && !isHeld(port))
    .map(({ port, hasListener }) =>
      hasListener ? `listener ${listenerName(port)} and its annotation` : `annotation of port ${port}`,
    );
  const held = holding.objects
    .filter((object) => now?.objects.some((one) => isSame(one, object)))
    .map(describeRef)
    .filter((name) => removed.includes(name));
  const stays = held.length > 0 ? `${held[0]} is still there: has it a finalizer?` : undefined;
  const reason = because ?? stays ?? (left.length > 0 ? cameToLife : undefined);
  return {
    ...{ allocationId, removed: [...removed.filter((name) => !held.includes(name)), ...freed] },
    left: [...describeLeft({ ports: left, objects: [] }), ...held, ...kept],
    ...(reason !== undefined && { because: reason }),
  };
};

export type FreeOptions = {
  readonly onProgress?: (allocationId: string) => void;
  readonly signal?: AbortSignal;
};

/**
 * Frees what dead tasks have left: their objects one by one, each only as the very object that was seen, then their
 * listeners in one write. Looks before each write whether the task has come to life. What is refused is in the result of
 * its task; other tasks' objects are freed all the same. Throws KubeError if the cluster cannot be looked at.
 */
export const freeHoldings = async (
  kube: Kube,
  place: TaskPlace,
  holdings: readonly Holding[],
  { onProgress, signal }: FreeOptions = {},
): Promise<readonly Freed[]> => {
  const works = holdings.map((holding): Work => ({ holding, removed: [], kept: [] }));
  for (const work of works) {
    signal?.throwIfAborted();
    onProgress?.(work.holding.allocationId);
    await removeObjects(kube, work);
  }
  const freedPorts = await settleListeners(kube, place, works);
  const after = await lookOnce(kube, place);
  return works.map((work) => resultOf(work, { after, freedPorts }));
};
