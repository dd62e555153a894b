import type { UserError } from '../../lib/errors.ts';
import type { OpenTunnel, OwnReport } from '../tunnel.ts';
import type { Budget } from './budget.ts';
import { patience, probeOnce, whyOf } from './live.ts';
import type { Supervision, Why } from './state.ts';
import type { Waking } from './wake.ts';

type End = Pick<OpenTunnel, 'address' | 'isDirect'> & { readonly report: OwnReport };
type Metered = Supervision & { readonly budget: Budget };

/** What passes within a minute is not asked about before. */
const rateMs = 60_000;

const unasked =
  'its program reports that it serves the address; the address itself is not asked now, since the account pays for that';

/** What is known of an end between two looks. */
type Known = {
  /** When to ask through the public end again. */
  dueAt: number;
  failures: number;
  /** What the last question of this run found: the nonce, or why not. */
  answer?: true | Why;
  /** Since when its program reports no session. */
  lostAt?: number | undefined;
  /** The host has a new address since. */
  isSuspect: boolean;
};

/** The next change of its session; one subscription however often it is waited for. */
const followChange = (report: OwnReport, signal: AbortSignal) => {
  const changed = new AbortController();
  void report.changed().then(() => changed.abort());
  return { hasCome: () => changed.signal.aborted, either: AbortSignal.any([signal, changed.signal]) };
};

type Change = ReturnType<typeof followChange>;

const waitFor = async ({ wait, signal }: Metered, ms: number, change: Change): Promise<Waking | 'change'> => {
  try {
    return await wait(ms, change.either);
  } catch (error) {
    signal.throwIfAborted();
    if (change.hasCome()) return 'change';
    throw error;
  }
};

const isRate = ({ id }: UserError): boolean => id.endsWith('-rate');

/**
 * Asks through the public end; resolves with what was seen there once that is over for good. Throws what the service says of
 * it where only the user can mend that.
 */
const ask = async (opened: End, run: Metered, known: Known): Promise<string | undefined> => {
  const { driver, timings, now, budget } = run;
  const { seen, error } = await probeOnce(opened, timings.probeTimeoutMs, run);
  known.answer = seen === true || whyOf(seen, error);
  if (seen === true) {
    Object.assign(known, { failures: 0, dueAt: now() + budget.everyMs });
    return undefined;
  }
  if (error && driver.isFinal(error)) throw error;
  if (error && isRate(error)) {
    known.dueAt = now() + rateMs;
    return undefined;
  }
  known.failures++;
  known.dueAt = now() + timings.degradedMs;
  return known.isSuspect || known.failures >= patience ? seen : undefined;
};

/** What the last question found stays true until the next one: of this run, or of the one before it. */
const stayUnasked = ({ state }: Metered, { answer }: Known): void => {
  const { state: current, failure } = state.status();
  if (answer === true) state.enter('open', { detail: unasked });
  else state.enter(current === 'probing' ? 'probing' : 'degraded', answer ?? failure);
};

/** While its program reports no session; resolves with its report once that is over for good. */
const followLost = (run: Metered, known: Known, word: string): string | undefined => {
  const { state, now, timings } = run;
  known.lostAt ??= now();
  known.dueAt = now();
  state.enter(state.status().state === 'probing' ? 'probing' : 'degraded', { detail: word });
  return known.isSuspect || now() - known.lostAt >= timings.openTimeoutMs ? word : undefined;
};

/** While its program reports that all is well; resolves with what was seen through the end once that is over for good. */
const followWell = async (opened: End, run: Metered, known: Known): Promise<string | undefined> => {
  const { now, budget } = run;
  known.lostAt = undefined;
  if (known.isSuspect) known.dueAt = now();
  if (now() < known.dueAt) return undefined;
  const mustWaitMs = budget.waitMs();
  if (mustWaitMs > 0) {
    known.dueAt = now() + mustWaitMs;
    stayUnasked(run, known);
    return undefined;
  }
  return ask(opened, run, known);
};

/**
 * Watches a tunnel whose account pays for each question through the public end: follows what its program reports, which is
 * looked at each `livenessMs` and at each change, and asks through the end at first, after a lost session, in another
 * network, and else as often as the budget has it. Resolves with what was seen when nonces no longer come back, or when its
 * program has had no session for the longest wait for a public end. Throws the driver's error where a retry is useless.
 */
export const stayMetered = async (opened: End, run: Metered): Promise<string> => {
  const { state, timings, now, signal } = run;
  const known: Known = { dueAt: now(), failures: 0, isSuspect: false };
  let change = followChange(opened.report, signal);
  for (;;) {
    if (change.hasCome()) change = followChange(opened.report, signal);
    const word = await opened.report.look(signal);
    const isWell = word === true;
    const over = isWell ? await followWell(opened, run, known) : followLost(run, known, word);
    if (over !== undefined) return over;
    const pauseMs = isWell ? Math.min(timings.livenessMs, Math.max(known.dueAt - now(), 1)) : timings.degradedMs;
    known.isSuspect = (await waitFor(run, pauseMs, change)) === 'network' && state.status().state !== 'probing';
  }
};
