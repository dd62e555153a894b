// Tested in test/proof/real-master/real-master.test.ts
import { messageOf, UserError } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Pod } from '../../lib/kube/shapes.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import type { Finding, Hop } from '../../model/path.ts';
import { taskPods } from '../../model/task-objects.ts';
import { findRefusedTasks } from '../diagnosis/refused-tasks.ts';
import { untilAnswered } from '../probe/dial.ts';
import type { Command, MasterApi } from './api.ts';
import {
  findStuckTask,
  findTaskEnd,
  isMasterUnreached,
  judgeProxied,
  type ProxyResult,
  type TaskTrouble,
} from './findings.ts';
import { type MasterTask, masterHops } from './path.ts';
import { taskPort } from './task.ts';

const statePauseMs = 500;
const proxyPauseMs = 300;
const longestLogsMs = 5_000;

/** A launched command, and the nonce that it must answer. */
export type LaunchedTask = {
  readonly api: MasterApi;
  readonly kube: Kube;
  readonly task: MasterTask;
  readonly nonce: string;
  /** The longest wait for it to run, and then for its answer. */
  readonly timeoutMs: number;
  readonly answerTimeoutMs: number;
  /** Between two looks; undefined for the usual ones. */
  readonly pauseMs: number | undefined;
  readonly signal: AbortSignal;
};

const hasEnded = (state: string): boolean => state === 'STATE_TERMINATED' || state === 'STATE_TERMINATING';

const troubleOf = async ({ api, signal }: LaunchedTask, { id, state, exitStatus }: Command): Promise<TaskTrouble> => {
  const logs = await api.logs(id, signal).catch((error: unknown) => {
    if (error instanceof UserError) return [`(no task log: ${error.message})`];
    throw error;
  });
  return { state, exitStatus, logs };
};

/** A command, and why its namespace refuses its pods. */
type Seen = Command & { readonly refusal?: Finding };

const findPodRefusal = async ({ kube, task }: LaunchedTask): Promise<Finding | undefined> =>
  (await findRefusedTasks(kube, task.namespace)).find(({ job }) => job.includes(task.taskId))?.finding;

/** Waits until the command runs, has ended or will get no pod; returns its last state at the deadline. */
const waitForRunning = async (launched: LaunchedTask): Promise<Seen> => {
  const { api, task, timeoutMs, pauseMs = statePauseMs, signal } = launched;
  let last: Seen = { id: task.taskId, state: 'STATE_UNSPECIFIED', exitStatus: '' };
  const look = async (until: AbortSignal): Promise<Seen> => {
    const [command, refusal] = await Promise.all([api.find(task.taskId, until), findPodRefusal(launched)]);
    last = { ...command, ...(refusal && { refusal }) };
    return last;
  };
  const judge = ({ state, refusal }: Seen) =>
    state === 'STATE_RUNNING' || hasEnded(state) || refusal !== undefined || state;
  const options = { timeoutMs, id: 'proof.task-not-running', signal } as const;
  try {
    return await waitUntil('Task', polling(look, pauseMs), judge, options);
  } catch (error) {
    if (error instanceof UserError && error.id === options.id) return last;
    throw error;
  }
};

/** Asks the task through the master until it answers, has ended, or the time is up. */
const reachTask = async (run: LaunchedTask): Promise<ProxyResult> => {
  const { api, task, nonce, pauseMs = proxyPauseMs, signal } = run;
  const ask = async (): Promise<ProxyResult> => {
    const startMs = performance.now();
    const answer = await api.proxy(task.taskId, taskPort, signal);
    const proxied = judgeProxied(answer, nonce, Math.round((performance.now() - startMs) * 10) / 10);
    if (proxied.outcome === 'answered') return proxied;
    const command = await api.find(task.taskId, signal);
    return hasEnded(command.state) ? { outcome: 'ended', trouble: await troubleOf(run, command) } : proxied;
  };
  const until = AbortSignal.timeout(run.answerTimeoutMs);
  const end = new AbortController();
  const asked = async (): Promise<ProxyResult> => {
    const proxied = await ask();
    if (proxied.outcome === 'ended') end.abort();
    return proxied;
  };
  return untilAnswered(asked, { pauseMs, until: AbortSignal.any([until, end.signal]), signal });
};

/** The master's address in the environment of the task's pod. */
const detMasterOf = async ({ kube, task }: LaunchedTask): Promise<string> => {
  const pods = await kube.list<Pod>(taskPods(task));
  const env = pods.flatMap(({ spec }) => spec?.containers ?? []).flatMap((container) => container.env ?? []);
  return env.find(({ name }) => name === 'DET_MASTER')?.value ?? '(not seen)';
};

const hasLogged = async (run: LaunchedTask): Promise<boolean> => {
  const { api, task, nonce, answerTimeoutMs, pauseMs = statePauseMs, signal } = run;
  const until = AbortSignal.timeout(Math.min(longestLogsMs, answerTimeoutMs));
  const ask = async () => {
    const logs = await api.logs(task.taskId, signal);
    return { outcome: logs.some((line) => line.includes(nonce)) ? 'answered' : 'missing' };
  };
  return (await untilAnswered(ask, { pauseMs, until, signal })).outcome === 'answered';
};

const reverseHop = async (run: LaunchedTask, isAnswered: boolean): Promise<Hop> => {
  const hop = { direction: 'reverse', from: 'task', to: `DET_MASTER ${await detMasterOf(run)}` } as const;
  if (await hasLogged(run)) return { ...hop, ok: true, evidence: "the task's output came back in its task log" };
  // the task's program starts only after the log shipper has reached the master
  if (isAnswered)
    return { ...hop, ok: true, evidence: 'the task started, which it does only after reaching the master' };
  return { ...hop, ok: false, evidence: 'not proven: no output of the task reached its task log' };
};

const taskHop = ({ task }: LaunchedTask, rest: Pick<Hop, 'ok' | 'evidence' | 'finding'>): Hop => ({
  ...{ direction: 'forward', from: 'master', to: `task ${task.taskId}` },
  ...rest,
});

const troubleHops = (run: LaunchedTask, trouble: TaskTrouble, isStuck: boolean): readonly Hop[] => {
  const finding = isStuck ? findStuckTask(trouble) : findTaskEnd(trouble);
  const broken = { ok: false, evidence: `${trouble.state} ${trouble.exitStatus}`.trim(), finding };
  if (!isMasterUnreached(trouble)) return [taskHop(run, broken)];
  return [
    taskHop(run, { ok: true, evidence: 'its pod started' }),
    { direction: 'reverse', from: 'task', to: 'DET_MASTER', ...broken },
  ];
};

/** Follows a launched command until it has answered through the master, or the path is known to be broken. */
export const probeMasterTask = async (launched: LaunchedTask): Promise<readonly Hop[]> => {
  const command = await waitForRunning(launched);
  const { api, kube, nonce, signal } = launched;
  if (command.refusal) {
    return [taskHop(launched, { ok: false, evidence: 'its Job has no pod', finding: command.refusal })];
  }
  if (command.state !== 'STATE_RUNNING') {
    return troubleHops(launched, await troubleOf(launched, command), !hasEnded(command.state));
  }
  const allocationId = await api.allocationOf(command.id, signal);
  const run = { ...launched, task: { ...launched.task, allocationId } };
  const proxied = await reachTask(run);
  if (proxied.outcome === 'ended') return troubleHops(run, proxied.trouble, false);
  return [
    taskHop(run, { ok: true, evidence: `runs as allocation ${allocationId}` }),
    ...(await masterHops(kube, run.task, { proxied, nonce, podPort: taskPort })),
    await reverseHop(run, proxied.outcome === 'answered'),
  ];
};

/** A broken hop from a refusal that was thrown. */
export const refusedHop = (ends: Pick<Hop, 'from' | 'to'>, error: UserError): Hop => ({
  ...{ direction: 'forward', ...ends, ok: false, evidence: messageOf(error) },
  finding: { cause: error.message, hint: error.hint ?? '' },
});
