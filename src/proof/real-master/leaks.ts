import { UserError } from '../../lib/errors.ts';
import { isForbidden, type Kube } from '../../lib/kube/client.ts';
import { listServed } from '../../lib/kube/list.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import { listenerName, portsOf } from '../../model/task-listener.ts';
import { allocationSelector, priorityClass, taskKinds } from '../../model/task-objects.ts';
import { listenersOf, type MasterTask } from './path.ts';

/** What a master has created for a task, by name. */
export type Held = { readonly ports: readonly number[]; readonly objects: readonly string[] };

const kinds = [...taskKinds, { apiVersion: 'v1', kind: 'Pod' }];

const pollPauseMs = 300;

const namesOf = async (kube: Kube, kind: (typeof kinds)[number], task: MasterTask): Promise<readonly string[]> => {
  const labelSelector = allocationSelector(task.allocationId);
  const objects = await listServed(kube, { ...kind, namespace: task.namespace, labelSelector });
  return objects.map(({ metadata }) => `${kind.kind} ${metadata.name}`);
};

/**
 * The task's priority, which has no label and no namespace. Who may not read such objects knows nothing of it, as the
 * master's own rights on them are optional.
 */
const priorityOf = async (kube: Kube, { allocationId }: MasterTask): Promise<readonly string[]> => {
  const { apiVersion, kind, nameOf } = priorityClass;
  try {
    const found = await kube.find({ apiVersion, kind, metadata: { name: nameOf(allocationId) } });
    return found ? [`${kind} ${found.metadata.name}`] : [];
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
};

const objectsOf = async (kube: Kube, task: MasterTask): Promise<readonly string[]> =>
  (await Promise.all([...kinds.map((kind) => namesOf(kube, kind, task)), priorityOf(kube, task)])).flat();

/** What the master holds for a task now. */
export const findHeld = async (kube: Kube, task: MasterTask): Promise<Held> => {
  const [ports, objects] = await Promise.all([listenersOf(kube, task), objectsOf(kube, task)]);
  return { ports, objects };
};

/** What is left of it, without ports that another task has been assigned since. */
const leftOf = async (kube: Kube, task: MasterTask, { ports }: Held): Promise<readonly string[]> => {
  const gateway = await kube.find<Gateway>(gatewayRef(task.gateway));
  const own = gateway ? portsOf(gateway, (allocation) => allocation === task.allocationId) : [];
  const others = gateway ? portsOf(gateway, (allocation) => allocation !== task.allocationId) : [];
  const orphans = ports.filter(
    (port) => !others.includes(port) && gateway?.spec.listeners.some(({ name }) => name === listenerName(port)),
  );
  return [
    ...orphans.map((port) => `listener ${listenerName(port)}`),
    ...own.map((port) => `annotation of port ${port}`),
    ...(await objectsOf(kube, task)),
  ];
};

type LeakOptions = {
  readonly held: Held;
  readonly timeoutMs: number;
  readonly pauseMs: number | undefined;
  /** For how long nothing may change before it is given up; 25 s unless given. */
  readonly quietMs?: number;
};

/** Which right is missing where only these kinds stay: recorded with one verb less (docs/determined.md, Rights). */
const missing: readonly (readonly [kind: string, hint: string])[] = [
  [
    'Job',
    'the user of the master needs delete on jobs: without it the task keeps running, and the master shows it RUNNING for ever',
  ],
  ['Service', 'the user of the master needs delete on services'],
  ['TCPRoute', 'the user of the master needs delete on tcproutes'],
  ['ConfigMap', 'the user of the master needs delete on configmaps'],
  ['listener', 'the user of the master needs get and update on the Gateway'],
  ['PriorityClass', 'the user of the master needs delete on priorityclasses, which is optional: remove it by hand'],
];

const commonHint =
  'does the user of the master have delete on jobs, services, tcproutes, priorityclasses, and update on gateways?';

/** All of it left is a master that has done nothing; of a part, the first kind tells. */
const hintOf = (left: readonly string[], { objects }: Held): string => {
  const kindOf = (one: string) => one.split(' ')[0] ?? '';
  const isAll = left.length >= objects.length + 1 && objects.every((one) => left.includes(one));
  const found = isAll ? undefined : missing.find(([kind]) => left.some((one) => kindOf(one) === kind));
  const repair = 'its next start removes what is left';
  return `${found?.[1] ?? commonHint}; ask with taskgate config account --check-only KUBECONFIG; ${repair}`;
};

/** Pods have 15 s to end; what has not changed for longer does not change any more. */
const longestQuietMs = 25_000;

/**
 * Waits until nothing of a killed task is left in the cluster, and returns what was removed. Gives up where nothing has
 * changed for 25 s. Throws a UserError `proof.leak` with what is left.
 */
export const verifyNothingLeft = async (
  kube: Kube,
  task: MasterTask,
  { held, timeoutMs, pauseMs = pollPauseMs, quietMs = longestQuietMs }: LeakOptions,
): Promise<readonly string[]> => {
  let [before, changedMs] = ['', performance.now()];
  let last: readonly string[] = [];
  const look = async () => {
    last = await leftOf(kube, task, held);
    const now = last.join();
    if (now !== before) [before, changedMs] = [now, performance.now()];
    return { left: last, isQuiet: performance.now() - changedMs > quietMs };
  };
  const leak = (message: string) => new UserError(message, { id: 'proof.leak', hint: hintOf(last, held) });
  const what = `Removal of task ${task.taskId} by the master`;
  try {
    const { left } = await waitUntil(
      what,
      polling(look, pauseMs),
      ({ left, isQuiet }) => left.length === 0 || isQuiet || `left behind: ${left.join(', ')}`,
      { timeoutMs, id: 'proof.leak' },
    );
    if (left.length > 0) throw leak(`${what}: nothing changes any more; left behind: ${left.join(', ')}`);
  } catch (error) {
    if (error instanceof UserError && error.id === 'proof.leak') throw leak(error.message);
    throw error;
  }
  return [...held.ports.map((port) => `listener ${listenerName(port)} and its annotation`), ...held.objects];
};
