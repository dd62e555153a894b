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
  /** Told what happens, in one line. */
  readonly onEvent: (text: string) => void;
  /** Told each change of state or of its reason. */
  readonly onState: (status: TunnelStatus) => void;
};

export type KeptTunnel = {
  readonly report: () => TunnelReport;
  /** Sets another time at which it closes; one that has closed is opened again when that is to come. */
  readonly setUntil: (until: string | undefined) => void;
  /** Rejects when there is no more to keep: aborted, all has ended by then; or a bug. */
  readonly done: Promise<never>;
};

/** What happened to a tunnel, in one line. */
const describeState = ({ kind, state, address, detail, hint }: TunnelStatus): string => {
  const end = address && state !== 'starting' ? ` ${originOf(address)}` : '';
  const todo = hint && state === 'failed' ? ` (to fix: ${hint})` : '';
  return `${kind} tunnel${end} ${state}${detail ? `: ${detail}` : ''}${todo}`;
};

const clockStepMs = 1_000;
const reopenHint = 'if tasks still need it: taskgate tunnel extend --hours N';

type Course = {
  readonly relay: Relay;
  readonly isOver: () => boolean;
  readonly told: (status: TunnelStatus) => void;
  readonly previous: PublicAddress | undefined;
};

/** Waits for a time of the clock, also through the machine's sleep. */
const untilOver = async (isOver: () => boolean, signal: AbortSignal): Promise<'over'> => {
  while (!isOver()) await pause(clockStepMs, undefined, { signal });
  return 'over';
};

/** Opens the tunnel and keeps it until its time is over, or until it has failed for good. */
const keepWhileAllowed = async (input: KeepTunnelInput, course: Course): Promise<'over' | 'failed'> => {
  const { driver, spec, proxyEnv, onEvent } = input;
  const { relay, isOver, told, previous } = course;
  const ending = new AbortController();
  const signal = AbortSignal.any([input.signal, ending.signal]);
  const tunnel = superviseTunnel(driver, {
    localPort: relay.port,
    signal,
    onState: told,
    onAddressChange: (from, to) =>
      onEvent(
        `address-changed: what was ${originOf(from)} is ${originOf(to)} now; tasks that run know only the old one`,
      ),
    probe: (address, limits) => {
      if (relay.trouble()) void relay.checkTarget();
      return probePublicEnd(address, spec.secret, { ...limits, proxyEnv });
    },
    ...(previous && { previous }),
    ...(spec.timings && { timings: spec.timings }),
  });
  try {
    return await Promise.race([untilOver(isOver, signal), tunnel.failed.then(() => 'failed' as const)]);
  } finally {
    ending.abort();
    // its program has ended before anything else is told
    await tunnel.failed.catch(() => undefined);
  }
};

/** Keeps one tunnel to the master: the relay at its local end, the tunnel itself, and its time. */
export const keepTunnel = async (input: KeepTunnelInput): Promise<KeptTunnel> => {
  const { driver, spec, signal } = input;
  const relay = await startRelay({ target: spec.master, secret: spec.secret });
  let until = spec.until;
  let extended = Promise.withResolvers<void>();
  const { kind, target } = driver;
  let status: TunnelStatus = { kind, target, state: 'starting', since: new Date().toISOString(), restarts: 0 };
  const told = (next: TunnelStatus): void => {
    status = next;
    input.onState(next);
    input.onEvent(describeState(next));
  };
  const isOver = () => until !== undefined && Date.now() >= Date.parse(until);
  const keep = async (): Promise<never> => {
    const aborted = untilAborted(signal);
    aborted.catch(() => undefined); // nobody waits for it while the tunnel is kept
    for (;;) {
      const { address: previous = spec.previous } = status;
      const end = isOver() ? 'over' : await keepWhileAllowed(input, { relay, isOver, told, previous });
      if (end === 'failed') return aborted;
      const detail = `closed, since its time was over at ${until}`;
      told({ ...status, state: 'ended', since: new Date().toISOString(), detail, hint: reopenHint });
      while (isOver()) await Promise.race([extended.promise, aborted]);
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
