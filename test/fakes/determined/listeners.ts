import { type Kube, KubeError } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';

type Listener = { readonly name: string; readonly port: number };
type Live = KubeObject & { readonly spec: { readonly listeners: readonly Listener[] } };
type Target = {
  readonly name: string;
  readonly namespace: string;
  readonly portRange: { readonly start: number; readonly end: number };
};

const annotationPrefix = 'determined.ai/det-gateway-port-';

const isConflict = (error: unknown): boolean => error instanceof KubeError && error.code === 409;

/** The master reads and replaces the whole Gateway, and tries five times when somebody else was quicker. */
const replace = async (kube: Kube, { name, namespace }: Target, change: (live: Live) => Live): Promise<void> => {
  for (let tries = 1; ; tries++) {
    const metadata = { name, namespace };
    const live = await kube.get<Live>({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata });
    try {
      const changed = change(live);
      if (changed !== live) await kube.update(changed);
      return;
    } catch (error) {
      if (!isConflict(error) || tries === 5) throw error;
    }
  }
};

/** The lowest ports of the range that no listener has; only listeners count. */
const lowestFree = ({ spec }: Live, { start, end }: Target['portRange'], count: number): readonly number[] => {
  const free = Array.from({ length: Math.max(0, end - start + 1) }, (_, at) => start + at)
    .filter((port) => !spec.listeners.some((listener) => listener.port === port))
    .slice(0, count);
  if (free.length < count) throw new Error(`not enough free ports in range ${start}-${end}`);
  return free;
};

/** Appends a listener and an annotation for each port. */
export const addTaskListeners = async (
  kube: Kube,
  gateway: Target,
  { allocationId, count }: { readonly allocationId: string; readonly count: number },
): Promise<readonly number[]> => {
  let ports: readonly number[] = [];
  await replace(kube, gateway, (live) => {
    ports = lowestFree(live, gateway.portRange, count);
    const added = ports.map((port) => ({
      name: `det-${port}`,
      port,
      protocol: 'TCP',
      allowedRoutes: { namespaces: { from: 'All' } },
    }));
    const noted = Object.fromEntries(ports.map((port) => [`${annotationPrefix}${port}`, allocationId]));
    return {
      ...live,
      metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, ...noted } },
      spec: { ...live.spec, listeners: [...live.spec.listeners, ...added] },
    };
  });
  return ports;
};

export const removeTaskListeners = (kube: Kube, gateway: Target, allocationId: string): Promise<void> =>
  replace(kube, gateway, (live) => {
    const entries = Object.entries(live.metadata.annotations ?? {});
    const isOwn = (key: string, value: string) => key.startsWith(annotationPrefix) && value === allocationId;
    const own = entries
      .filter(([key, value]) => isOwn(key, value))
      .map(([key]) => `det-${key.slice(annotationPrefix.length)}`);
    if (own.length === 0) return live;
    return {
      ...live,
      metadata: {
        ...live.metadata,
        annotations: Object.fromEntries(entries.filter(([key, value]) => !isOwn(key, value))),
      },
      spec: { ...live.spec, listeners: live.spec.listeners.filter(({ name }) => !own.includes(name)) },
    };
  });
