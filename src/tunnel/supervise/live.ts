import type { UserError } from '../../lib/errors.ts';
import type { OpenTunnel } from '../tunnel.ts';
import type { Supervision, Why } from './state.ts';

/** A tunnel is restarted after so many failed probes in a row. */
export const patience = 3;

type End = Pick<OpenTunnel, 'address' | 'isDirect' | 'unseen'>;
/** `error`: what the service itself says in place of the nonce. */
type Probed = { readonly seen: string | true; readonly tookMs: number; readonly error?: UserError | undefined };

/** Why a nonce did not come back: the error that its answer means, or what was seen. */
export const whyOf = (seen: string, error: UserError | undefined): Why =>
  error ? { detail: error.message, ...(error.hint && { hint: error.hint }), errorId: error.id } : { detail: seen };

/** Once it was seen, it must stay so. */
type Unsettled = Omit<End, 'unseen'> & { readonly unseen?: End['unseen'] | undefined };

/** Sends one nonce and updates the state by the result. */
export const probeOnce = async (
  { address, isDirect, unseen }: Unsettled,
  timeoutMs: number,
  { driver, probe, signal, state, budget }: Supervision,
): Promise<Probed> => {
  const begun = performance.now();
  const onSent = budget?.spend;
  const seen = await probe(address, { signal, timeoutMs, ...(isDirect && { isDirect }), ...(onSent && { onSent }) });
  const latencyMs = Math.round((performance.now() - begun) * 10) / 10;
  const error = seen === true ? undefined : driver.explain?.(seen);
  if (seen === true) {
    state.prove({ at: new Date().toISOString(), latencyMs });
    state.enter('up');
  } else if (unseen) {
    state.enter('open', { detail: unseen.cause, hint: unseen.hint });
  } else {
    state.enter(state.status().state === 'probing' ? 'probing' : 'degraded', whyOf(seen, error));
  }
  return { seen, error, tookMs: latencyMs };
};

/** One failure is enough after the host got another address. */
const isOver = (isSuspect: boolean, failures: number): boolean => isSuspect || failures >= patience;

/**
 * Probes a tunnel until nonces no longer come back; resolves with what was seen instead of the last one. After the host
 * got another address (a VPN, a Docker network) one failed probe is enough: the connections from before may be dead. An end
 * that this host has never reached is not judged by probes that fail, in any network: its program reports when the
 * connection is lost, and pods prove the end.
 */
export const stayLive = async (opened: End, run: Supervision): Promise<string> => {
  const { wait, timings, signal, state } = run;
  let end: Unsettled = opened;
  let failures = 0;
  let isSuspect = false;
  for (;;) {
    const isHurried = failures > 0 || isSuspect;
    const { seen, tookMs } = await probeOnce(end, isHurried ? timings.degradedMs : timings.probeTimeoutMs, run);
    if (seen === true) end = { ...opened, unseen: undefined };
    failures = seen === true || end.unseen ? 0 : failures + 1;
    if (seen !== true && isOver(isSuspect, failures)) return seen;
    const waking = await wait(failures > 0 ? timings.degradedMs - tookMs : timings.livenessMs, signal);
    isSuspect = waking === 'network' && !end.unseen && state.status().state !== 'probing';
  }
};
