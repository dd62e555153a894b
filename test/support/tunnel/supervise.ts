import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { TunnelTimings } from '../../../src/instance/tunnels.ts';
import type { TunnelStatus } from '../../../src/model/tunnel-status.ts';
import type { SuperviseInput } from '../../../src/tunnel/supervise/state.ts';
import { superviseTunnel } from '../../../src/tunnel/supervise/supervise.ts';
import type { Wait } from '../../../src/tunnel/supervise/wake.ts';
import type { TunnelDriver } from '../../../src/tunnel/tunnel.ts';

export const quick: TunnelTimings = { livenessMs: 20, probeTimeoutMs: 20, degradedMs: 5, openTimeoutMs: 60 };

/** As the real one, but what is longer than any of the times above, the pause before a new start, is cut short. */
const shortWait: Wait = async (ms, signal) => {
  await pause(ms > quick.openTimeoutMs ? 40 : ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  return 'time';
};

/** Supervises until the test is over, and keeps what is told. */
export const supervise = (driver: TunnelDriver, more: Partial<SuperviseInput> = {}) => {
  const states: TunnelStatus[] = [];
  const moves: string[] = [];
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error('over')));
  const tunnel = superviseTunnel(driver, {
    localPort: 1234,
    probe: async () => true,
    signal: controller.signal,
    onState: (status) => states.push(status),
    onAddressChange: (from, to) => moves.push(`${from.port} to ${to.port}`),
    timings: quick,
    wait: shortWait,
    ...more,
  });
  const names = () => states.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
  return { ...tunnel, states, moves, names, stop: () => controller.abort(new Error('over')) };
};

/** Answers in turn; the last answer holds. */
export const answers = (...given: readonly (string | true)[]): SuperviseInput['probe'] => {
  let asked = 0;
  return async () => given[Math.min(asked++, given.length - 1)] ?? true;
};
