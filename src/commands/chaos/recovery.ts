// Tested in test/e2e/chaos.test.ts
import { setTimeout as pause } from 'node:timers/promises';
import { findMasterTls } from '../../instance/master-certificate.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import type { Verdict } from '../../lib/wait.ts';
import { prove } from '../../proof/prove.ts';
import type { CommandContext } from '../../providers/context.ts';
import { sampleSpec } from '../context.ts';
import { openInstance } from '../open-instance.ts';
import { findFault } from '../proof-result.ts';
import { findStatus } from '../status/look.ts';

export type Recovery =
  | { readonly isRecovered: true; readonly afterMs: number }
  | { readonly isRecovered: false; readonly seen: string };

type Watched = {
  /** The client by which the proof goes. */
  readonly kube: Kube;
  readonly isBack: () => Promise<Verdict>;
  /** By `performance.now()`. */
  readonly sinceMs: number;
  /** How long it looks. */
  readonly patienceMs: number;
  /** How many times as long as usual one proof may take. */
  readonly slack: number;
  readonly signal: AbortSignal;
};

const pauseMs = 100;
const longestProofMs = 45_000;

/** When a look showed that all is well, by `performance.now()`; otherwise what is not. */
type Look = { readonly atMs: number } | { readonly seen: string };

const failed = (error: unknown): Look => {
  if (error instanceof UserError || error instanceof KubeError) return { seen: messageOf(error) };
  throw error;
};

const lookAtPart = async ({ isBack }: Watched): Promise<Look> => {
  const verdict = await isBack();
  return verdict === true ? { atMs: performance.now() } : { seen: verdict };
};

/** A new task is made, reached in both directions, and removed. */
const proveOnce = async (context: CommandContext, { kube, slack, signal }: Watched): Promise<Look> => {
  const { instance, gateway, master } = await openInstance(context);
  const proof = await prove(kube, {
    ...sampleSpec(context.config, { instance, master }),
    withStranger: instance.record().networkPolicy !== undefined,
    ...{ gateway, ports: 'lowest', timeoutMs: longestProofMs * slack, signal },
    ...(await findMasterTls(instance)),
  });
  const seen = findFault(proof);
  return seen === undefined ? { atMs: performance.now() - proof.cleanup.latencyMs } : { seen };
};

const lookAtStatus = async (context: CommandContext): Promise<Look> => {
  const atMs = performance.now();
  const status = await findStatus(context);
  const [problem] = status?.problems ?? [];
  if (!status) return { seen: 'the instance is gone' };
  return problem ? { seen: problem.message } : { atMs };
};

/**
 * Looks until all is well again: what was broken is there, a new task behind a new listener is reached and reaches the master,
 * and status names no problem. The time is that of the last of these; a status that was good at its first look adds none.
 * Throws the reason of an abort.
 */
export const untilRecovered = async (context: CommandContext, watched: Watched): Promise<Recovery> => {
  const { sinceMs, patienceMs, signal } = watched;
  const looks = [() => lookAtPart(watched), () => proveOnce(context, watched), () => lookAtStatus(context)];
  let lastAtMs = sinceMs;
  for (const [index, look] of looks.entries()) {
    for (let tries = 1; ; tries++) {
      const seen = await look().catch(failed);
      signal.throwIfAborted();
      if ('atMs' in seen) {
        if (index < 2 || tries > 1) lastAtMs = seen.atMs;
        break;
      }
      if (performance.now() - sinceMs > patienceMs) return { isRecovered: false, seen: seen.seen };
      await pause(pauseMs, undefined, { signal });
    }
  }
  return { isRecovered: true, afterMs: Math.round(lastAtMs - sinceMs) };
};
