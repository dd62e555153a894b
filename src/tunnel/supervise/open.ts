import { UserError } from '../../lib/errors.ts';
import { isSameAddress, type PublicAddress } from '../../model/master-endpoint.ts';
import type { OpenTunnel, TunnelDriver } from '../tunnel.ts';
import type { SupervisedState } from './state.ts';
import type { Wait } from './wake.ts';

export type OpeningInput = {
  readonly driver: TunnelDriver;
  readonly localPort: number;
  readonly state: SupervisedState;
  readonly wait: Wait;
  /** Longest wait for the public end. */
  readonly openTimeoutMs: number;
  readonly onAddressChange: (from: PublicAddress, to: PublicAddress) => void;
};

/** Aborts an attempt that takes too long, or that began before the host's address changed. */
const limitOpening = async (input: OpeningInput, attempt: Attempt): Promise<void> => {
  const { wait, openTimeoutMs } = input;
  const { target } = input.driver;
  let waking = await wait(openTimeoutMs, attempt.opening);
  while (waking === 'disturbed') waking = await wait(openTimeoutMs, attempt.opening);
  attempt.end(
    waking === 'network'
      ? new UserError(`this host got another address while ${target} was being opened`, { id: 'tunnel.network' })
      : new UserError(`${target} has no public end after ${openTimeoutMs / 1_000}s`, { id: 'tunnel.timeout' }),
  );
};

type Attempt = { readonly opening: AbortSignal; readonly end: (why: UserError) => void };

/**
 * Opens the tunnel, if possible at the address that it had before. The controller ends it, also after it was opened.
 * Tested in test/tunnel/supervise/supervise.test.ts.
 */
export const openTunnel = async (input: OpeningInput, controller: AbortController): Promise<OpenTunnel> => {
  const { driver, localPort, state, onAddressChange } = input;
  const { signal } = controller;
  const previous = state.status().address;
  const opened = new AbortController();
  const attempt: Attempt = {
    opening: AbortSignal.any([signal, opened.signal]),
    end: (why) => controller.abort(why),
  };
  limitOpening(input, attempt).catch(() => undefined); // rejects when the attempt has ended
  try {
    const tunnel = await driver.open({ localPort, signal, ...(previous && { previous }) });
    state.move(tunnel.address);
    if (previous && !isSameAddress(previous, tunnel.address)) onAddressChange(previous, tunnel.address);
    return tunnel;
  } finally {
    opened.abort();
  }
};
