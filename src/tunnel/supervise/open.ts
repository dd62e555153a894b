import { UserError } from '../../lib/errors.ts';
import { isSameAddress } from '../../model/master-endpoint.ts';
import type { OpenTunnel } from '../tunnel.ts';
import type { Supervision } from './state.ts';

/** Aborts an attempt that takes too long, or that began before the host's address changed. */
const limitOpening = async (run: Supervision, opening: AbortSignal, end: (why: UserError) => void) => {
  const { target } = run.driver;
  const { openTimeoutMs } = run.timings;
  let waking = await run.wait(openTimeoutMs, opening);
  while (waking === 'disturbed') waking = await run.wait(openTimeoutMs, opening);
  end(
    waking === 'network'
      ? new UserError(`this host got another address while ${target} was being opened`, { id: 'tunnel.network' })
      : new UserError(`${target} has no public end after ${openTimeoutMs / 1_000}s`, { id: 'tunnel.timeout' }),
  );
};

/**
 * Opens the tunnel, if possible at the address that it had before. The controller ends it, also after it was opened.
 * Tested in test/tunnel/supervise/supervise.test.ts.
 */
export const openTunnel = async (run: Supervision, controller: AbortController): Promise<OpenTunnel> => {
  const { driver, localPort, state, probe, onAddressChange } = run;
  const { signal } = controller;
  const previous = state.status().address;
  const opened = new AbortController();
  const opening = AbortSignal.any([signal, opened.signal]);
  limitOpening(run, opening, (why) => controller.abort(why)).catch(() => undefined); // rejects when the attempt has ended
  try {
    const tunnel = await driver.open({ localPort, probe, signal, ...(previous && { previous }) });
    state.move(tunnel);
    if (previous && !isSameAddress(previous, tunnel.address)) onAddressChange(previous, tunnel.address);
    return tunnel;
  } finally {
    opened.abort();
  }
};
