import { describeLeft, type Holding, type TaskPlace } from '../../gateway/leaks/holdings.ts';
import { findHoldings, type LookOptions } from '../../gateway/leaks/look.ts';
import type { MasterSettings } from '../../instance/record.ts';
import { isForbidden, type Kube } from '../../lib/kube/client.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import type { Problem } from '../../model/problem.ts';
import { listenerName } from '../../model/task-listener.ts';

type Settings = {
  readonly gateway: GatewayName;
  readonly master: Pick<MasterSettings, 'taskNamespace'>;
};

/** Where the tasks of an instance have their objects and listeners. */
export const taskPlaceOf = ({ gateway: { name, namespace }, master }: Settings): TaskPlace => ({
  gateway: { name, namespace },
  namespace: master.taskNamespace,
});

const shown = 3;

const withMore = (texts: readonly string[]): string =>
  texts.length > shown ? `${texts.slice(0, shown).join(', ')} and ${texts.length - shown} more` : texts.join(', ');

export const listenerLostId = 'gateway.listener-lost';

const describeDead = (dead: readonly Holding[], name: string): string => {
  const [first] = dead;
  const who = dead.length === 1 ? `task ${first?.allocationId} is` : `${dead.length} tasks are`;
  const left = withMore(dead.flatMap(describeLeft));
  const message = `${who} no more, but ${dead.length === 1 ? 'has' : 'have'} left: ${left}`;
  return `${message}; other tasks cannot use these ports. A master frees them at its next start, or at the second after a node was lost; to see and free them: taskgate gateway clean --name ${name}`;
};

/** A task that goes on, though somebody's `kubectl apply` has taken its listeners: its master kills it at its next start. */
const lostProblem = ({ allocationId, ports }: Holding): Problem => ({
  id: listenerLostId,
  message: `task ${allocationId} runs, but its listener is gone from the Gateway: ${ports
    .filter(({ hasListener }) => !hasListener)
    .map(({ port }) => listenerName(port))
    .join(', ')}`,
  hint: 'nothing reaches that port any more, and a master that starts again kills the task: save its work, end it, start it anew; never write the Gateway by a client-side kubectl apply',
});

/** What dead tasks hold takes room from others, and breaks nothing: a note. */
export type DeadTasks = { readonly notes: readonly string[]; readonly problems: readonly Problem[] };

/**
 * Listeners and objects of tasks that are no more, as notes, and tasks whose listeners are no more, as problems. A task whose Job has
 * finished is none: the Job tells a master that comes back how it ended, and goes by itself 15 minutes later. Nothing where
 * Jobs and pods of the whole cluster may not be listed: then no task is known to be dead.
 */
export const findDeadTasks = async (
  kube: Kube,
  place: TaskPlace & { readonly name: string },
  options: LookOptions = {},
): Promise<DeadTasks> => {
  try {
    const holdings = await findHoldings(kube, place, options);
    const dead = holdings.filter(({ state }) => state === 'gone');
    const lost = holdings.filter(({ state, ports }) => state === 'lives' && ports.some((one) => !one.hasListener));
    return { notes: dead.length > 0 ? [describeDead(dead, place.name)] : [], problems: lost.map(lostProblem) };
  } catch (error) {
    if (isForbidden(error)) return { notes: [], problems: [] };
    throw error;
  }
};
