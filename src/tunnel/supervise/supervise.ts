import type { TunnelTimings } from '../../instance/tunnels.ts';
import { delayMs } from '../../lib/backoff.ts';
import { type ErrorId, messageOf, UserError } from '../../lib/errors.ts';
import type { TunnelStatus } from '../../model/tunnel-status.ts';
import type { OpenTunnel, TunnelDriver } from '../tunnel.ts';
import { makeBudget } from './budget.ts';
import { stayLive } from './live.ts';
import { stayMetered } from './metered.ts';
import { openTunnel } from './open.ts';
import { makeState, type SuperviseInput, type Supervision } from './state.ts';
import { makeWait } from './wake.ts';

const defaultTimings: TunnelTimings = {
  livenessMs: 15_000,
  probeTimeoutMs: 5_000,
  degradedMs: 3_000,
  openTimeoutMs: 120_000,
};

const backoff = { firstMs: 250, longestMs: 30_000 };
/** While the network is the cause, so that the tunnel is up soon after the network is. */
const networkBackoff = { ...backoff, longestMs: 1_000 };

export type SupervisedTunnel = {
  readonly status: () => TunnelStatus;
  /** Resolves after a final failure; rejects with the signal's reason once its program has ended. */
  readonly failed: Promise<void>;
};

/** How a run ended. */
type End = {
  readonly why: string;
  readonly hint?: string;
  readonly errorId?: ErrorId;
  readonly isFinal: boolean;
  readonly isNetwork: boolean;
};

/** Whether the id of a driver's error blames the network rather than a setting. */
const isOfNetwork = (id: ErrorId): boolean => /\b(unreachable|no-dns|offline|timeout|network|ended|not-up)$/.test(id);

/** Pause after so many runs in a row that were never up. */
export const nextBackoffMs = (failures: number, isNetwork: boolean): number =>
  delayMs(isNetwork ? networkBackoff : backoff, failures);

/** Watches an open tunnel until its program ends or its nonces no longer come back. */
const stay = async (tunnel: OpenTunnel, run: Supervision, signal: AbortSignal): Promise<End> => {
  const { ended, unseen, report } = tunnel;
  run.state.enter(unseen ? 'open' : 'probing', unseen && { detail: unseen.cause, hint: unseen.hint });
  const programEnd = ended.then((why): End => ({ why, isFinal: false, isNetwork: true }));
  const { budget } = run;
  const watched = { ...run, signal };
  const stays =
    report && budget ? stayMetered({ ...tunnel, report }, { ...watched, budget }) : stayLive(tunnel, watched);
  const silence = stays.then(
    (why): End => ({ why, isFinal: false, isNetwork: run.state.status().state !== 'probing' }),
  );
  return Promise.race([programEnd, silence]);
};

/** A bug met by one tunnel ends that tunnel, not the forwards beside it. */
const bugIn = (error: unknown): End => ({
  why: `a bug in taskgate: ${messageOf(error)}`,
  hint: 'report it; taskgate tunnel up opens the tunnel again',
  errorId: 'tunnel.bug',
  isFinal: true,
  isNetwork: false,
});

/** One run of the program, from its start to its end. */
const runOnce = async (run: Supervision): Promise<End> => {
  const controller = new AbortController();
  const stop = () => controller.abort(run.signal.reason);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    run.signal.throwIfAborted();
    const tunnel = await openTunnel(run, controller);
    return await stay(tunnel, run, controller.signal).finally(tunnel.close);
  } catch (error) {
    run.signal.throwIfAborted();
    if (!(error instanceof UserError)) return bugIn(error);
    const { message: why, hint, id } = error;
    return { why, ...(hint && { hint }), errorId: id, isFinal: run.driver.isFinal(error), isNetwork: isOfNetwork(id) };
  } finally {
    run.signal.removeEventListener('abort', stop);
    controller.abort();
  }
};

const keepOpen = async (run: Supervision): Promise<void> => {
  const { state, wait, signal } = run;
  for (let failures = 0; ; failures++) {
    const startedAt = new Date().toISOString();
    state.enter('starting');
    const { why, isFinal, isNetwork, ...more } = await runOnce(run);
    state.fail({ ...more, detail: why });
    if (isFinal) return state.enter('failed', { ...more, detail: why });
    if ((state.status().proven?.at ?? '') >= startedAt) failures = 0;
    const pauseMs = nextBackoffMs(failures, isNetwork);
    state.enter('backoff', { ...more, detail: `${why}; restarts in ${pauseMs / 1_000}s` });
    await wait(pauseMs, signal);
  }
};

/**
 * Keeps one tunnel open at one address: starts its program, proves it by nonces, and restarts it when it exits or they no
 * longer come back. A failure that only the user can fix ends it.
 */
export const superviseTunnel = (driver: TunnelDriver, input: SuperviseInput): SupervisedTunnel => {
  const state = makeState(driver, input);
  const timings = { ...defaultTimings, ...input.timings };
  const { wait = makeWait(), now = () => performance.now() } = input;
  const budget = driver.askEveryMs === undefined ? {} : { budget: makeBudget(driver.askEveryMs, now) };
  const failed = keepOpen({ ...input, driver, timings, wait, now, ...budget, state });
  failed.catch(() => undefined); // it may end while nobody waits
  return { status: state.status, failed };
};
