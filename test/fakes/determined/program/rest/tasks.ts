/** Commands, notebooks, shells and tasks: launched, listed, asked, killed. */
import { messageOf } from '../../../../../src/lib/errors.ts';
import { isFields, itemsOf } from '../../../../../src/lib/json.ts';
import { addLogs, type LogEntry, saveTask } from '../database/tasks.ts';
import { openSession } from '../database/users.ts';
import { makeTask } from '../tasks/launch.ts';
import { beginTask, endTask, tell, type World } from '../tasks/life.ts';
import { type Kind, nameOf, type Task } from '../tasks/task.ts';
import { type Handler, ok, Refusal, type Route } from './reply.ts';
import { streamLogs } from './task-logs.ts';

const workspaceId = 1;

const shown = ({ spec, state, exitStatus, startTime }: Task) => ({
  ...{ id: spec.id, description: spec.description, state, exitStatus, startTime: startTime.toISOString() },
  ...{ username: spec.username, displayName: '', userId: spec.userId, resourcePool: spec.pool, workspaceId },
  jobId: spec.id,
  ...(spec.serviceAddress && { serviceAddress: spec.serviceAddress }),
  ...(spec.keys && { ...spec.keys, addresses: [], agentUserGroup: { user: 'root', uid: 0, group: 'root', gid: 0 } }),
});

const allocationOf = ({ spec, state, isReady, startTime, endTime, exitStatus }: Task) => ({
  ...{ taskId: spec.id, allocationId: spec.allocationId, state, isReady, slots: spec.slots },
  startTime: startTime.toISOString(),
  ...(endTime && { endTime: endTime.toISOString(), exitReason: exitStatus }),
});

const shownTask = (task: Task) => ({
  ...{ taskId: task.spec.id, taskType: `TASK_TYPE_${task.spec.kind.toUpperCase()}`, allocations: [allocationOf(task)] },
  startTime: task.startTime.toISOString(),
  ...(task.endTime && { endTime: task.endTime.toISOString() }),
});

const summaryOf = ({ spec, startTime, nodeName }: Task) => ({
  ...{ taskId: spec.id, allocationId: spec.allocationId, name: nameOf(spec), slotsNeeded: spec.slots },
  ...{ registeredTime: startTime.toISOString(), resourcePool: spec.pool, priority: 50, schedulerType: 'kubernetes' },
  resources: nodeName
    ? [
        {
          ...{ resourcesId: spec.allocationId, resourcesType: 'k8s-job', allocationId: spec.allocationId },
          ...{ containerId: spec.allocationId, agentDevices: { [nodeName]: { devices: [] } } },
        },
      ]
    : [],
  proxyPorts: spec.ports.map(({ serviceId, podPort, scheme, isUnauthenticated }) => ({
    ...{ serviceId, port: podPort, proxyTcp: scheme === 'tcp', unauthenticated: isUnauthenticated },
  })),
});

const find = ({ tasks }: World, id: string, kind?: Kind): Task => {
  const task = tasks.get(id);
  if (!task || (kind && task.spec.kind !== kind)) throw new Refusal('notFound', `${kind ?? 'task'} ${id} not found`);
  return task;
};

const kindRoutes = (world: World, kind: Kind): readonly Route[] => {
  const base = `^/api/v1/${kind}s`;
  const launch: Handler = async ({ body, user }) => {
    const { settings, clusterId, db } = world;
    const made = async (taskId: string) => openSession(db, user.id, taskId);
    const task = await makeTask({ kind, body: await body(), settings, clusterId, user, openSession: made });
    await beginTask(world, task);
    return ok({ [kind]: shown(task), config: task.spec.config, warnings: [] });
  };
  const list: Handler = ({ query }) => {
    const users = query.getAll('users');
    const found = [...world.tasks.values()].filter(
      ({ spec }) => spec.kind === kind && (users.length === 0 || users.includes(spec.username)),
    );
    const pagination = { offset: 0, limit: 0, startIndex: 0, endIndex: found.length, total: found.length };
    return ok({ [`${kind}s`]: found.map(shown), pagination });
  };
  const kill: Handler = async ({ path: [id = ''], user }) => {
    const task = find(world, id, kind);
    if (!user.admin && user.id !== task.spec.userId) throw new Refusal('forbidden', 'access denied');
    if (!task.endTime) await tell(world, task, `${nameOf(task.spec)} was requested to terminate`);
    await endTask(world, task, 'task was killed');
    return ok({ [kind]: shown(task) });
  };
  const get: Handler = ({ path: [id = ''] }) => {
    const task = find(world, id, kind);
    return ok({ [kind]: shown(task), config: task.spec.config });
  };
  return [
    { method: 'POST', pattern: new RegExp(`${base}$`), handle: launch },
    { method: 'GET', pattern: new RegExp(`${base}$`), handle: list },
    { method: 'GET', pattern: new RegExp(`${base}/([^/]+)$`), handle: get },
    { method: 'POST', pattern: new RegExp(`${base}/([^/]+)/kill$`), handle: kill },
  ];
};

const entriesIn = (body: unknown): readonly (LogEntry & { readonly task_id: string })[] =>
  itemsOf(isFields(body) ? body.logs : undefined)
    .filter(isFields)
    .filter(({ task_id: id, log }) => typeof id === 'string' && typeof log === 'string') as never;

/** Routes of all that runs. */
export const taskRoutes = (world: World): readonly Route[] => {
  const ready: Handler = async ({ path: [allocationId = ''] }) => {
    const task = find(world, allocationId.replace(/\.\d+$/, ''));
    task.isReady = true;
    await saveTask(world.db, task);
    await tell(world, task, `Service of ${nameOf(task.spec)} is available`);
    return ok({});
  };
  const takeLogs: Handler = async ({ body }) => {
    for (const { task_id: id, ...entry } of entriesIn(await body())) await addLogs(world.db, id, [entry]);
    return ok({});
  };
  const logs: Handler = ({ path: [id = ''], query }, response) => {
    const task = find(world, id);
    streamLogs(world, task, query, response).catch((error: unknown) => {
      world.log.error(`log of ${id}: ${messageOf(error)}`);
      response.destroy();
    });
    return 'answered';
  };
  const running = () => [...world.tasks.values()].filter(({ endTime }) => !endTime);
  const summaries = () => Object.fromEntries(running().map((task) => [task.spec.allocationId, summaryOf(task)]));
  return [
    ...(['command', 'notebook', 'shell'] as const).flatMap((kind) => kindRoutes(world, kind)),
    { method: 'GET', pattern: /^\/api\/v1\/tasks$/, handle: () => ok({ allocationIdToSummary: summaries() }) },
    {
      ...{ method: 'GET', pattern: /^\/api\/v1\/tasks\/([^/]+)$/ },
      handle: ({ path: [id = ''] }) => ok({ task: shownTask(find(world, id)) }),
    },
    { method: 'GET', pattern: /^\/api\/v1\/tasks\/([^/]+)\/logs$/, handle: logs },
    {
      ...{ method: 'GET', pattern: /^\/api\/v1\/tasks\/([^/]+)\/context_directory$/ },
      handle: () => ok({ b64Tgz: '' }),
    },
    { method: 'POST', pattern: /^\/api\/v1\/task\/logs$/, handle: takeLogs },
    { method: 'POST', pattern: /^\/api\/v1\/allocations\/([^/]+)\/ready$/, handle: ready },
  ];
};
