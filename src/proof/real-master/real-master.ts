import { randomUUID } from 'node:crypto';
import { UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import { originOf } from '../../model/master-endpoint.ts';
import { getMasterUrl } from '../../model/master-url.ts';
import type { Finding, Hop } from '../../model/path.ts';
import type { Cleanup, Proven } from '../prove.ts';
import { findRefusal } from '../sample-task/refusal.ts';
import { askMaster, type Command, type Credentials, type MasterApi, openSession } from './api.ts';
import { masterHttp } from './http.ts';
import { findHeld, type Held, verifyNothingLeft } from './leaks.ts';
import type { MasterTask } from './path.ts';
import { isRaced, raceNote } from './race.ts';
import type { KnownPath } from './rules/rule.ts';
import { type LaunchedTask, probeMasterTask, refusedHop } from './run.ts';
import { explainScheme } from './scheme.ts';
import { commandConfig, type MasterTaskSpec } from './task.ts';

/** With the Gateway and the namespace in which the master must create the objects of tasks. */
export type RealMasterSpec = MasterTaskSpec &
  Omit<KnownPath, 'version'> &
  Credentials & {
    /** `http(s)://host:port` of the master, as this host reaches it. */
    readonly url: string;
    /** The longest wait for the task to run. */
    readonly timeoutMs: number;
    /** The longest wait for its answer once it runs; 30 s unless given. */
    readonly answerTimeoutMs?: number;
    /** The longest wait for the removal of everything after the kill; 60 s unless given. */
    readonly endTimeoutMs?: number;
    /** The longest time in which the master notices that a pod runs; 10 s unless given. */
    readonly noticeMs?: number;
    /** Polling interval; about 0.5 s unless given. */
    readonly pauseMs?: number;
    readonly signal?: AbortSignal;
  };

const nothingMade: Cleanup = { ok: true, latencyMs: 0, removed: [] };
const callMs = 60_000;
const defaultEndMs = 60_000;
/** With 200 listeners Contour needs up to half a minute for one more; the log shipper gives up after 15 s. */
const defaultAnswerMs = 30_000;
/** Everything of it is gone from the cluster by then: a master that watches Jobs knows at once. */
const longestEndMs = 30_000;
const statePauseMs = 500;

const broken = (hops: readonly Hop[]): Proven => ({ ok: false, hops, notes: [], cleanup: nothingMade });

const since = (startMs: number): number => Math.round(performance.now() - startMs);

type Session = { readonly api: MasterApi; readonly version: string };

type SignedIn = { readonly hop: Hop; readonly session?: Session };

const signIn = async (spec: RealMasterSpec, signal: AbortSignal): Promise<SignedIn> => {
  const url = new URL(originOf(getMasterUrl(spec.url, 'master URL')));
  const ends = { from: 'host', to: `master ${url.origin}` };
  const http = masterHttp(url);
  const startMs = performance.now();
  try {
    const { version, clusterId } = await askMaster(http, signal);
    const latencyMs = since(startMs);
    const { username } = spec;
    const api = await openSession(http, spec, signal);
    const evidence = `version ${version}, cluster id ${clusterId}; logged in as ${username}`;
    return { hop: { direction: 'forward', ...ends, ok: true, latencyMs, evidence }, session: { api, version } };
  } catch (error) {
    if (error instanceof UserError) return { hop: refusedHop(ends, await explainScheme(url, error, signal)) };
    throw error;
  }
};

const causeOf = (error: unknown): Finding => {
  const finding = findRefusal(error);
  if (!finding) throw error;
  return finding;
};

/** The master must notice that the Job was deleted. */
const verifyEnded = (
  { api, task, pauseMs = statePauseMs }: LaunchedTask,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Command> =>
  waitUntil(
    `End of task ${task.taskId}`,
    polling((until) => api.find(task.taskId, until), pauseMs),
    ({ state }) => state === 'STATE_TERMINATED' || state,
    {
      timeoutMs,
      id: 'proof.task-not-ended',
      hint: 'the user of the master needs watch on jobs, or it never notices that they were deleted: ask with taskgate config account --check-only KUBECONFIG',
      signal,
    },
  );

type Inventory = { readonly task: MasterTask; readonly held: Held };

/** The task's last allocation; where the master does not tell it, the first one, which a command has. */
const findAllocation = async ({ api, task }: LaunchedTask, signal: AbortSignal): Promise<string> => {
  try {
    return await api.allocationOf(task.taskId, signal);
  } catch (error) {
    if (error instanceof UserError) return task.allocationId;
    throw error;
  }
};

/** What the master has made for the task, before its kill. */
const takeInventory = async (launched: LaunchedTask): Promise<Inventory> => {
  const allocationId = await findAllocation(launched, AbortSignal.timeout(callMs));
  const task = { ...launched.task, allocationId };
  return { task, held: await findHeld(launched.kube, task) };
};

const unknownLeft = (error: unknown): Finding => {
  const { cause, hint } = causeOf(error);
  return { cause: `the task was killed, but what is left of it is not known: ${cause}`, hint };
};

/** Kills the command, whatever can or cannot be read before, and verifies that nothing is left of it. */
const endTask = async (launched: LaunchedTask, timeoutMs: number): Promise<Cleanup> => {
  const startMs = performance.now();
  const { api, kube, pauseMs, task } = launched;
  const [inventory] = await Promise.allSettled([takeInventory(launched)]);
  try {
    await api.kill(task.taskId, AbortSignal.timeout(callMs));
    const seen = inventory.status === 'fulfilled' ? inventory.value : undefined;
    const removed = seen ? await verifyNothingLeft(kube, seen.task, { held: seen.held, timeoutMs, pauseMs }) : [];
    const signal = AbortSignal.timeout(callMs + timeoutMs);
    await verifyEnded(launched, { timeoutMs: Math.min(timeoutMs, longestEndMs), signal });
    const finding = inventory.status === 'rejected' ? unknownLeft(inventory.reason) : undefined;
    return { ok: finding === undefined, latencyMs: since(startMs), removed, ...(finding && { finding }) };
  } catch (error) {
    const finding = causeOf(error);
    return { ok: false, latencyMs: since(startMs), removed: [], finding };
  }
};

const probe = async (launched: LaunchedTask): Promise<readonly Hop[]> => {
  try {
    return await probeMasterTask(launched);
  } catch (error) {
    launched.signal.throwIfAborted();
    if (!(error instanceof UserError) && !(error instanceof KubeError)) throw error;
    const finding = findRefusal(error);
    const seen = { direction: 'forward', from: 'master', to: 'task', ok: false, evidence: error.message } as const;
    return [{ ...seen, ...(finding && { finding }) }];
  }
};

const knownOf = ({ namespace, gateway, proven, localPort, ownPool, noticeMs }: RealMasterSpec) => ({
  ...(noticeMs !== undefined && { noticeMs }),
  ...{ namespace, gateway },
  ...(proven && { proven }),
  ...(localPort !== undefined && { localPort }),
  ...(ownPool !== undefined && { ownPool }),
});

type Attempt = { readonly session: Session; readonly hop: Hop; readonly kube: Kube; readonly signal: AbortSignal };

/** Launches one command, follows it and ends it. */
const proveOnce = async (spec: RealMasterSpec, { session, hop, kube, signal }: Attempt): Promise<Proven> => {
  const { api, version } = session;
  const nonce = `tg-${randomUUID()}`;
  let command: Command;
  try {
    // not aborted by the signal: with an unread answer, the command would run on unknown
    command = await api.launch(commandConfig(spec, nonce), AbortSignal.timeout(callMs));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return broken([hop, refusedHop({ from: 'master', to: 'task' }, error)]);
  }
  const { namespace, gateway, timeoutMs, answerTimeoutMs = defaultAnswerMs, pauseMs } = spec;
  const task = { taskId: command.id, allocationId: `${command.id}.1`, namespace, gateway };
  const known = { ...knownOf(spec), version };
  const launched: LaunchedTask = { ...known, api, kube, task, nonce, timeoutMs, answerTimeoutMs, pauseMs, signal };
  let hops: readonly Hop[] = [hop];
  let cleanup = nothingMade;
  try {
    signal.throwIfAborted();
    hops = [hop, ...(await probe(launched))];
  } finally {
    cleanup = await endTask(launched, spec.endTimeoutMs ?? defaultEndMs);
  }
  return { ok: hops.every(({ ok }) => ok) && cleanup.ok, hops, notes: [], cleanup };
};

/**
 * Makes a real master run a small command, reaches it through the master's `/proxy/`, kills it and verifies that nothing
 * is left in the cluster. A failure is a broken hop with its cause, as in the proof by a sample task. A command that meets
 * the race of {@link isRaced} is followed by a second one. The command is also killed when the signal aborts (then throws
 * its reason). Throws UserError `usage.master-url` for an impossible URL.
 */
export const proveThroughMaster = async (spec: RealMasterSpec, { kube }: { readonly kube: Kube }): Promise<Proven> => {
  const signal = spec.signal ?? new AbortController().signal;
  const { hop, session } = await signIn(spec, signal);
  if (!session) return broken([hop]);
  const attempt = { session, hop, kube, signal };
  const first = await proveOnce(spec, attempt);
  if (!isRaced(first.hops) || !first.cleanup.ok) return first;
  const second = await proveOnce(spec, attempt);
  return { ...second, notes: [...second.notes, raceNote] };
};
