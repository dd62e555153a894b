import type { TunnelTimings } from '../../instance/tunnels.ts';
import type { PublicAddress } from '../../model/master-endpoint.ts';
import type { Board } from './state.ts';
import type { Wait } from './wake.ts';

/** Sends a fresh nonce to the public end: `true` when it came back, otherwise what was seen. */
export type ProbeAddress = (
  address: PublicAddress,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
) => Promise<string | true>;

export type LiveInput = {
  readonly probe: ProbeAddress;
  readonly wait: Wait;
  readonly timings: TunnelTimings;
  readonly signal: AbortSignal;
  readonly board: Board;
};

/** Probes in a row without their nonce after which a tunnel is started again. */
const patience = 3;

/** Sends one nonce and shows what became of it. */
const probeOnce = async (address: PublicAddress, timeoutMs: number, { probe, signal, board }: LiveInput) => {
  const begun = performance.now();
  const seen = await probe(address, { signal, timeoutMs });
  const latencyMs = Math.round((performance.now() - begun) * 10) / 10;
  if (seen === true) {
    board.prove({ at: new Date().toISOString(), latencyMs });
    board.enter('up');
  } else {
    board.enter(board.status().state === 'probing' ? 'probing' : 'degraded', { detail: seen });
  }
  return { seen, tookMs: latencyMs };
};

/**
 * Probes a tunnel for as long as nonces come back, and some more; gives what was seen instead of the last one. A probe
 * that fails right after the host got another address tells enough: connections of before are dead.
 */
export const stayLive = async (address: PublicAddress, input: LiveInput): Promise<string> => {
  const { wait, timings, signal, board } = input;
  let failures = 0;
  let isSuspect = false;
  for (;;) {
    const isHurried = failures > 0 || isSuspect;
    const { seen, tookMs } = await probeOnce(address, isHurried ? timings.degradedMs : timings.probeTimeoutMs, input);
    failures = seen === true ? 0 : failures + 1;
    if (seen !== true && (isSuspect || failures >= patience)) return seen;
    const pauseMs = failures > 0 ? timings.degradedMs - tookMs : timings.livenessMs;
    isSuspect = (await wait(pauseMs, signal)) === 'network' && board.status().state !== 'probing';
  }
};
