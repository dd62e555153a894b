// Tested in test/proof/real-master/real-master.test.ts
import { messageOf, UserError } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import type { Hop } from '../../model/path.ts';
import { untilAnswered } from '../probe/dial.ts';
import type { MasterApi } from './api.ts';
import { judgeProxied, type ProxyResult } from './findings.ts';
import { type MasterTask, masterHops } from './path.ts';
import { withRace } from './race.ts';
import { detMasterOf } from './rules/address.ts';
import { findAtEnd, findHopeless, findSilent } from './rules/find.ts';
import type { KnownPath, Sighting, TaskFinding } from './rules/rule.ts';
import { type LookAtTask, watchTask } from './sighting.ts';
import { taskPort } from './task.ts';

const statePauseMs = 500;
const proxyPauseMs = 300;
const longestLogsMs = 5_000;
/** Between two looks at a running task, for what makes asking it hopeless. */
const lookPauseMs = 1_000;

/** A launched command, and the nonce that it must answer. */
export type LaunchedTask = KnownPath & {
  readonly api: MasterApi;
  readonly kube: Kube;
  readonly task: MasterTask;
  readonly nonce: string;
  /** The longest wait for it to run, and then for its answer. */
  readonly timeoutMs: number;
  readonly answerTimeoutMs: number;
  /** The longest time in which the master notices that a pod runs; 10 s unless given. */
  readonly noticeMs?: number;
  /** Between two looks; undefined for the usual ones. */
  readonly pauseMs: number | undefined;
  readonly signal: AbortSignal;
};

/** What a look has shown, and why waiting on is hopeless, if it is. */
type Look = { readonly seen: Sighting; readonly hopeless?: TaskFinding };

const judged = (seen: Sighting): Look => {
  const hopeless = findHopeless(seen);
  return { seen, ...(hopeless && { hopeless }) };
};

/** Waits until the command runs, or nothing is to be hoped for; at the deadline returns what was seen last, after one look at least. */
const waitForRunning = async (launched: LaunchedTask, lookAt: LookAtTask): Promise<Look> => {
  const { api, task, timeoutMs, pauseMs = statePauseMs, signal } = launched;
  let last: Look | undefined;
  const look = async (until: AbortSignal): Promise<Look> => {
    last = judged(await lookAt(await api.find(task.taskId, until)));
    return last;
  };
  const judge = ({ seen: { state }, hopeless }: Look) => state === 'STATE_RUNNING' || hopeless !== undefined || state;
  const options = { timeoutMs, id: 'proof.task-not-running', signal } as const;
  try {
    return await waitUntil('Task', polling(look, pauseMs), judge, options);
  } catch (error) {
    if (error instanceof UserError && error.id === options.id) return last ?? look(signal);
    throw error;
  }
};

/** How the task answered through the master, and the last look at it. */
type Reached = Look & { readonly proxied: ProxyResult };

/** Asks the task through the master until it answers, cannot any more, or the time is up. */
const reachTask = async (run: LaunchedTask, lookAt: LookAtTask, first: Sighting): Promise<Reached> => {
  const { api, task, nonce, pauseMs = proxyPauseMs, signal } = run;
  const end = new AbortController();
  let last: Look = { seen: first };
  let lookedAtMs = 0;
  const isHopeless = async (): Promise<boolean> => {
    if (performance.now() - lookedAtMs < Math.min(lookPauseMs, pauseMs * 3)) return false;
    last = judged(await lookAt(await api.find(task.taskId, signal)));
    lookedAtMs = performance.now();
    return last.hopeless !== undefined;
  };
  const ask = async (): Promise<ProxyResult> => {
    const startMs = performance.now();
    const answer = await api.proxy(task.taskId, taskPort, signal);
    const proxied = judgeProxied(answer, nonce, Math.round((performance.now() - startMs) * 10) / 10);
    if (proxied.outcome === 'answered' || !(await isHopeless())) return proxied;
    end.abort();
    return { outcome: 'hopeless' };
  };
  const until = AbortSignal.any([AbortSignal.timeout(run.answerTimeoutMs), end.signal]);
  const proxied = await untilAnswered(ask, { pauseMs, until, signal });
  return { ...last, proxied };
};

/** Whether the task's output comes back in its log in time, or why that is not known. */
const hasLogged = async (run: LaunchedTask): Promise<true | string> => {
  const { api, task, nonce, answerTimeoutMs, pauseMs = statePauseMs, signal } = run;
  const until = AbortSignal.timeout(Math.min(longestLogsMs, answerTimeoutMs));
  const ask = async (): Promise<{ readonly outcome: string }> => {
    try {
      const logs = await api.logs(task.taskId, signal);
      const isThere = logs.some((line) => line.includes(nonce));
      return { outcome: isThere ? 'answered' : 'no output of the task reached its task log' };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UserError)) throw error;
      return { outcome: `its task log could not be read: ${error.message}` };
    }
  };
  const { outcome } = await untilAnswered(ask, { pauseMs, until, signal });
  return outcome === 'answered' || outcome;
};

const reverseHop = async (run: LaunchedTask, { seen, proxied }: Reached): Promise<Hop> => {
  const to = `DET_MASTER ${detMasterOf(seen) ?? '(not seen)'}`;
  const hop = { direction: 'reverse', from: 'task', to } as const;
  const logged = seen.hasSpoken || (await hasLogged(run));
  if (logged === true) return { ...hop, ok: true, evidence: "the task's output came back in its task log" };
  // the task's program starts only after the log shipper has reached the master
  if (proxied.outcome === 'answered')
    return { ...hop, ok: true, evidence: 'the task started, which it does only after reaching the master' };
  return { ...hop, ok: false, evidence: `not proven: ${logged}` };
};

const taskHop = ({ task }: LaunchedTask, rest: Pick<Hop, 'ok' | 'evidence' | 'finding'>): Hop => ({
  ...{ direction: 'forward', from: 'master', to: `task ${task.taskId}` },
  ...rest,
});

/** The broken hop that a finding is about. */
const brokenHops = (run: LaunchedTask, seen: Sighting, found: TaskFinding): readonly Hop[] => {
  const { direction, evidence = `${seen.state} ${seen.exitStatus}`.trim(), ...finding } = found;
  const broken = { ok: false, evidence, finding };
  if (direction !== 'reverse') return [taskHop(run, broken)];
  const to = `DET_MASTER ${detMasterOf(seen) ?? ''}`.trim();
  return [taskHop(run, { ok: true, evidence: 'its pod started' }), { direction, from: 'task', to, ...broken }];
};

/** Of a task that runs and does not answer: what its own state explains goes before what the Gateway's objects do. */
const unansweredHops = async (run: LaunchedTask, reached: Reached, ran: Hop): Promise<readonly Hop[]> => {
  const { seen, proxied } = reached;
  const silent = proxied.outcome === 'answered' ? undefined : findSilent(seen);
  if (silent) return brokenHops(run, seen, silent);
  const { nonce, kube, task } = run;
  const hops = await masterHops(kube, task, { proxied, nonce, podPort: taskPort, seen });
  return [ran, ...withRace(hops, proxied, seen.logs), await reverseHop(run, reached)];
};

/** Follows a launched command until it has answered through the master, or the path is known to be broken. */
export const probeMasterTask = async (launched: LaunchedTask): Promise<readonly Hop[]> => {
  const lookAt = watchTask(launched);
  const { seen, hopeless } = await waitForRunning(launched, lookAt);
  if (hopeless || seen.state !== 'STATE_RUNNING') return brokenHops(launched, seen, hopeless ?? findAtEnd(seen));
  const allocationId = await launched.api.allocationOf(seen.taskId, launched.signal);
  const run = { ...launched, task: { ...launched.task, allocationId } };
  const reached = await reachTask(run, lookAt, seen);
  if (reached.hopeless) return brokenHops(run, reached.seen, reached.hopeless);
  return unansweredHops(run, reached, taskHop(run, { ok: true, evidence: `runs as allocation ${allocationId}` }));
};

/** A broken hop from a refusal that was thrown. */
export const refusedHop = (ends: Pick<Hop, 'from' | 'to'>, error: UserError): Hop => ({
  ...{ direction: 'forward', ...ends, ok: false, evidence: messageOf(error) },
  finding: { cause: error.message, hint: error.hint ?? '' },
});
