import type { PublicAddress } from '../../model/master-endpoint.ts';
import type { Supervision } from './state.ts';

/** A tunnel is restarted after so many failed probes in a row. */
const patience = 3;

/** Sends one nonce and updates the state by the result. */
const probeOnce = async (address: PublicAddress, timeoutMs: number, { probe, signal, state }: Supervision) => {
  const begun = performance.now();
  const seen = await probe(address, { signal, timeoutMs });
  const latencyMs = Math.round((performance.now() - begun) * 10) / 10;
  if (seen === true) {
    state.prove({ at: new Date().toISOString(), latencyMs });
    state.enter('up');
  } else {
    state.enter(state.status().state === 'probing' ? 'probing' : 'degraded', { detail: seen });
  }
  return { seen, tookMs: latencyMs };
};

/**
 * Probes a tunnel until nonces no longer come back; resolves with what was seen instead of the last one. After the host
 * got another address one failed probe is enough: the connections from before are dead. Tested in test/tunnel/supervise/supervise.test.ts.
 */
export const stayLive = async (address: PublicAddress, run: Supervision): Promise<string> => {
  const { wait, timings, signal, state } = run;
  let failures = 0;
  let isSuspect = false;
  for (;;) {
    const isHurried = failures > 0 || isSuspect;
    const { seen, tookMs } = await probeOnce(address, isHurried ? timings.degradedMs : timings.probeTimeoutMs, run);
    failures = seen === true ? 0 : failures + 1;
    if (seen !== true && (isSuspect || failures >= patience)) return seen;
    const pauseMs = failures > 0 ? timings.degradedMs - tookMs : timings.livenessMs;
    isSuspect = (await wait(pauseMs, signal)) === 'network' && state.status().state !== 'probing';
  }
};
