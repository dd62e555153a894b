import { setTimeout as pause } from 'node:timers/promises';
import type { TunnelSpec } from '../instance/tunnels.ts';
import { untilAborted } from '../lib/wait.ts';
import { originOf, type PublicAddress } from '../model/master-endpoint.ts';
import type { TunnelReport, TunnelStatus } from '../model/tunnel-status.ts';
import { probePublicEnd } from '../tunnel/relay/probe.ts';
import { type Relay, startRelay } from '../tunnel/relay/relay.ts';
import { superviseTunnel } from '../tunnel/supervise/supervise.ts';
import type { TunnelDriver } from '../tunnel/tunnel.ts';

export type KeepTunnelInput = {
  readonly driver: TunnelDriver;
  readonly spec: TunnelSpec;
  /** Variables such as HTTPS_PROXY, for a host that reaches the public end through one. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Called with each event, in one line. */
  readonly onEvent: (text: string) => void;
};

export type KeptTunnel = {
  readonly report: () => TunnelReport;
  /** Changes the time of expiry; an expired tunnel is opened again if that is in the future. */
  readonly setUntil: (until: string | undefined) => void;
  /** Rejects with the signal's reason once everything has ended, or with a bug. */
  readonly done: Promise<never>;
};

/** A change of state, in one line. */
const describeState = ({ kind, state, address, detail, hint }: TunnelStatus): string => {
  const end = address && state !== 'starting' ? ` ${originOf(address)}` : '';
  const todo = hint && state === 'failed' ? ` (to fix: ${hint})` : '';
  return `${kind} tunnel${end} ${state}${detail ? `: ${detail}` : ''}${todo}`;
};

const clockStepMs = 1_000;
const reopenHint = 'if tasks still need it: taskgate tunnel extend --hours N';

type Run = {
  readonly relay: Relay;
  readonly isExpired: () => boolean;
  readonly onState: (status: TunnelStatus) => void;
  readonly previous: PublicAddress | undefined;
};

/** Waits for the wall clock, which a suspended machine does not stop. */
const untilExpired = async (isExpired: () => boolean, signal: AbortSignal): Promise<'expired'> => {
  while (!isExpired()) await pause(clockStepMs, undefined, { signal });
  return 'expired';
};

/** Opens the tunnel and keeps it until it expires or has failed for good. */
const keepUntilExpired = async (input: KeepTunnelInput, run: Run): Promise<'expired' | 'failed'> => {
  const { driver, spec, proxyEnv, onEvent } = input;
  const { relay, isExpired, onState, previous } = run;
  const ending = new AbortController();
  const signal = AbortSignal.any([input.signal, ending.signal]);
  const tunnel = superviseTunnel(driver, {
    localPort: relay.port,
    signal,
    onState,
    onAddressChange: (from, to) =>
      onEvent(`address-changed: ${originOf(from)} has become ${originOf(to)}; running tasks know only the old address`),
    probe: (address, limits) => {
      if (relay.trouble()) void relay.checkTarget();
      return probePublicEnd(address, spec.secret, { ...limits, proxyEnv });
    },
    ...(previous && { previous }),
    ...(spec.timings && { timings: spec.timings }),
  });
  try {
    return await Promise.race([untilExpired(isExpired, signal), tunnel.failed.then(() => 'failed' as const)]);
  } finally {
    ending.abort();
    // its program has ended before the next event is reported
    await tunnel.failed.catch(() => undefined);
  }
};

/** Runs one tunnel to the master: the relay at its local end, the tunnel itself, and its expiry. */
export const keepTunnel = async (input: KeepTunnelInput): Promise<KeptTunnel> => {
  const { driver, spec, signal } = input;
  const relay = await startRelay({ target: spec.master, secret: spec.secret });
  let until = spec.until;
  let extended = Promise.withResolvers<void>();
  const { kind, target } = driver;
  let status: TunnelStatus = { kind, target, state: 'starting', since: new Date().toISOString(), restarts: 0 };
  const onState = (next: TunnelStatus): void => {
    status = next;
    input.onEvent(describeState(next));
  };
  const isExpired = () => until !== undefined && Date.now() >= Date.parse(until);
  const keep = async (): Promise<never> => {
    const aborted = untilAborted(signal);
    aborted.catch(() => undefined); // nobody waits for it while the tunnel is kept
    for (;;) {
      const { address: previous = spec.previous } = status;
      const end = isExpired() ? 'expired' : await keepUntilExpired(input, { relay, isExpired, onState, previous });
      if (end === 'failed') return aborted;
      const detail = `expired at ${until}`;
      onState({ ...status, state: 'ended', since: new Date().toISOString(), detail, hint: reopenHint });
      while (isExpired()) await Promise.race([extended.promise, aborted]);
    }
  };
  const done = Promise.all([relay.checkTarget(), keep()]).then(([, never]) => never);
  done.catch(() => undefined); // nobody may be waiting when it ends
  return {
    report: () => ({
      ...status,
      ...(until && { until }),
      master: { ...spec.master, ...(relay.trouble() && { trouble: relay.trouble() }) },
      connections: relay.connections(),
    }),
    setUntil: (next) => {
      until = next;
      extended.resolve();
      extended = Promise.withResolvers();
    },
    done: done.finally(relay.close),
  };
};
