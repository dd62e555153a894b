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

type LeakOptions = { readonly held: Held; readonly timeoutMs: number; readonly pauseMs: number | undefined };

/**
 * Waits until nothing of a killed task is left in the cluster, and returns what was removed. Throws a UserError
 * `proof.leak` with what is left.
 */
export const verifyNothingLeft = async (
  kube: Kube,
  task: MasterTask,
  { held, timeoutMs, pauseMs = pollPauseMs }: LeakOptions,
): Promise<readonly string[]> => {
  await waitUntil(
    `Removal of task ${task.taskId} by the master`,
    polling(() => leftOf(kube, task, held), pauseMs),
    (left) => left.length === 0 || `left behind: ${left.join(', ')}`,
    {
      timeoutMs,
      id: 'proof.leak',
      hint: 'does the user of the master have delete on jobs, services, tcproutes, priorityclasses, and update on gateways? its next start removes what is left',
    },
  );
  return [...held.ports.map((port) => `listener ${listenerName(port)} and its annotation`), ...held.objects];
};
