/** From events of pods and Jobs to states of tasks. */
import { messageOf } from '../../../../../src/lib/errors.ts';
import type { Fields } from '../../../../../src/lib/json.ts';
import type { Pod } from '../../../../../src/lib/kube/shapes.ts';
import { addLogs } from '../database/tasks.ts';
import { clusterOf, endTask, setState, startRunning, tell, type World } from './life.ts';
import type { Task } from './task.ts';

const mainContainer = 'determined-container';

const taskOf = ({ tasks }: World, object: Fields): Task | undefined => {
  const allocationId = (object as unknown as Pod).metadata.labels?.determined ?? '';
  return tasks.get(allocationId.replace(/\.\d+$/, ''));
};

const statusesOf = ({ status }: Pod) => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const failureOf = (pod: Pod): string | undefined => {
  const failed = statusesOf(pod).find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  const code = failed?.state?.terminated?.exitCode;
  if (code === undefined) return undefined;
  const words = `container failed with non-zero exit code: ${code} (exit code ${code})`;
  return `resources failed with non-zero exit code: ${words}`;
};

const pullProblems = ['ImagePullBackOff', 'ErrImagePull', 'InvalidImageName', 'ErrImageNeverPull'];
const pullTroubleOf = (pod: Pod) =>
  statusesOf(pod).find(({ state }) => pullProblems.includes(state?.waiting?.reason ?? ''));

/** The lines of the container itself, which a log shipper that does not reach the master leaves there alone. */
const readPodLog = async (world: World, task: Task, podName: string): Promise<readonly string[]> => {
  const { kube } = clusterOf(world, task.spec);
  const path = `/api/v1/namespaces/${task.spec.namespace}/pods/${podName}/log`;
  const text = await kube.text(path, { container: mainContainer });
  return text.split('\n').filter(Boolean);
};

/** Follows a container's own output into the task log, until the container or the task ends. */
const streamPodLog = async (world: World, task: Task, podName: string): Promise<void> => {
  const { http } = clusterOf(world, task.spec);
  const path = `/api/v1/namespaces/${task.spec.namespace}/pods/${podName}/log`;
  const query = { container: mainContainer, follow: 'true', watch: 'true' };
  const stream = await http(path, { query, signal: task.ended.signal });
  for await (const log of stream.lines()) await addLogs(world.db, task.spec.id, [{ log: `${log}\n`, source: 'pod' }]);
};

const run = async (world: World, task: Task, pod: Pod): Promise<void> => {
  const podName = pod.metadata.name;
  try {
    await readPodLog(world, task, podName);
  } catch (error) {
    // as seen: the task stays where it is, and only this log tells
    world.log.error('error processing pod status update', {
      error: `starting pod logs streamer for ${podName}: ${messageOf(error)}`,
    });
    return;
  }
  task.hasStarted = true;
  await startRunning(world, task);
  streamPodLog(world, task, podName).catch(() => undefined);
};

const isRunning = ({ status }: Pod): boolean =>
  (status?.containerStatuses ?? []).some(({ name, state }) => name === mainContainer && state?.running);

const followPod = async (world: World, task: Task, type: string, pod: Pod): Promise<void> => {
  if (type === 'DELETED' || task.endTime) return;
  task.nodeName = pod.spec?.nodeName ?? task.nodeName;
  const failure = failureOf(pod);
  if (failure) return endTask(world, task, failure);
  if (pod.status?.phase === 'Succeeded') return endTask(world, task, 'allocation exited successfully');
  const unpulled = pullTroubleOf(pod);
  if (unpulled) {
    await tell(world, task, `${unpulled.state?.waiting?.reason}: ${unpulled.state?.waiting?.message ?? ''}`);
    return endTask(
      world,
      task,
      'task failed without an associated exit code: job was stuck due to unrecoverable image pull errors',
    );
  }
  if (task.hasStarted) return;
  if (isRunning(pod)) return run(world, task, pod);
  const isPulling = statusesOf(pod).some(({ state }) => state?.waiting?.reason === 'ContainerCreating');
  await setState(world, task, isPulling ? 'STATE_PULLING' : 'STATE_STARTING');
};

const followJob = async (world: World, task: Task, type: string): Promise<void> => {
  if (type !== 'DELETED' || task.endTime) return;
  await endTask(world, task, 'resources failed with non-zero exit code: job was deleted');
};

/** The handlers of a cluster's events, one event of a task after the other. */
export const makeFollower = (world: World) => {
  const chains = new Map<string, Promise<void>>();
  const inTurn = (object: Fields, work: (task: Task) => Promise<void>): void => {
    const task = taskOf(world, object);
    if (!task) return;
    const before = chains.get(task.spec.id) ?? Promise.resolve();
    const next = before
      .then(() => work(task))
      .catch((error: unknown) => world.log.error(`task ${task.spec.id}: ${messageOf(error)}`));
    chains.set(task.spec.id, next);
  };
  return {
    onPod: (type: string, object: Fields) =>
      inTurn(object, (task) => followPod(world, task, type, object as unknown as Pod)),
    onJob: (type: string, object: Fields) => inTurn(object, (task) => followJob(world, task, type)),
  };
};
