import type { Deadline, TunnelSpec } from '../instance/tunnels.ts';
import { untilAborted } from '../lib/wait.ts';
import { originOf, type PublicAddress } from '../model/master-endpoint.ts';
import { stateText, type TunnelReport, type TunnelState, type TunnelStatus } from '../model/tunnel-status.ts';
import { probePublicEnd } from '../tunnel/relay/probe.ts';
import { type Relay, startRelay } from '../tunnel/relay/relay.ts';
import { superviseTunnel } from '../tunnel/supervise/supervise.ts';
import type { TunnelDriver } from '../tunnel/tunnel.ts';
import { makeCallers } from './callers.ts';
import { type Expiry, makeExpiry } from './expiry.ts';
import { deadlineOf } from './spec.ts';

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
  readonly setDeadline: (deadline: Deadline | undefined) => void;
  /** Rejects with the signal's reason once everything has ended, or with a bug. */
  readonly done: Promise<never>;
};

/** A change of state, in one line. */
const describeState = ({ kind, state, address, detail, hint }: TunnelStatus): string => {
  const end = address && state !== 'starting' ? ` ${originOf(address)}` : '';
  const todo = hint && state === 'failed' ? ` (to fix: ${hint})` : '';
  return `${kind} tunnel${end} ${stateText(state)}${detail ? `: ${detail}` : ''}${todo}`;
};

const reopenHint = 'if tasks still need it: taskgate tunnel extend --hours N';

type Run = {
  readonly relay: Relay;
  readonly expiry: Expiry;
  readonly onState: (status: TunnelStatus) => void;
  readonly previous: PublicAddress | undefined;
};

/** Opens the tunnel and keeps it until it expires or has failed for good. */
const keepUntilExpired = async (input: KeepTunnelInput, run: Run): Promise<'expired' | 'failed'> => {
  const { driver, spec, proxyEnv, onEvent } = input;
  const { relay, expiry, onState, previous } = run;
  const ending = new AbortController();
  const signal = AbortSignal.any([input.signal, ending.signal]);
  const tunnel = superviseTunnel(driver, {
    localPort: relay.port,
    signal,
    onState,
    onAddressChange: (from, to) =>
      onEvent(`address-changed: ${originOf(from)} has become ${originOf(to)}; running tasks know only the old address`),
    probe: (address, { isDirect, ...limits }) => {
      if (relay.trouble()) void relay.checkTarget();
      return probePublicEnd(address, spec.secret, { ...limits, proxyEnv: isDirect ? {} : proxyEnv });
    },
    ...(previous && { previous }),
    ...(spec.timings && { timings: spec.timings }),
  });
  try {
    const over = expiry.whenOver(signal).then(() => 'expired' as const);
    return await Promise.race([over, tunnel.failed.then(() => 'failed' as const)]);
  } finally {
    ending.abort();
    // its program has ended before the next event is reported
    await tunnel.failed.catch(() => undefined);
  }
};

const openStates: readonly TunnelState[] = ['probing', 'up', 'open', 'degraded'];

/** Until its end is proven to be where it was asked for, only probes pass. */
const startRelayOf = (input: KeepTunnelInput, status: () => TunnelStatus) => {
  const { driver, spec } = input;
  const { settings } = spec.driver;
  const mustBeProven = 'mustBePrivate' in settings && settings.mustBePrivate;
  // ngrok itself refuses who is not allowed
  const callers = makeCallers(driver, { allowFrom: driver.kind === 'ssh' ? settings.allowFrom : undefined });
  const isOpen = (): boolean => !mustBeProven || openStates.includes(status().state);
  const { admits, hearProbe: onProbe } = callers;
  const relay = startRelay({ target: spec.master, secret: spec.secret, isOpen, admits, onProbe });
  return { callers, relay };
};

/** Runs one tunnel to the master: the relay at its local end, the tunnel itself, and its expiry. */
export const keepTunnel = async (input: KeepTunnelInput): Promise<KeptTunnel> => {
  const { driver, spec, signal } = input;
  const { kind, target } = driver;
  let status: TunnelStatus = { kind, target, state: 'starting', since: new Date().toISOString(), restarts: 0 };
  const { callers, relay: starting } = startRelayOf(input, () => status);
  const relay = await starting;
  const isExempt = () => spec.staysIfPrivate === true && status.privateEnd?.state === 'proven';
  const expiry = await makeExpiry(deadlineOf(spec), { isExempt });
  const onState = (next: TunnelStatus): void => {
    status = next;
    input.onEvent(describeState(next));
  };
  const keep = async (): Promise<never> => {
    const aborted = untilAborted(signal);
    aborted.catch(() => undefined); // nobody waits for it while the tunnel is kept
    for (;;) {
      const { address: previous = spec.previous } = status;
      const end = expiry.isOver() ? 'expired' : await keepUntilExpired(input, { relay, expiry, onState, previous });
      if (end === 'failed') return aborted;
      const detail = `expired at ${expiry.until()}`;
      onState({ ...status, state: 'ended', since: new Date().toISOString(), detail, hint: reopenHint });
      await expiry.whenExtended(signal);
    }
  };
  const done = Promise.all([relay.checkTarget(), keep()]).then(([, never]) => never);
  done.catch(() => undefined); // nobody may be waiting when it ends
  return {
    report: () => {
      const [until, trouble, last, own] = [expiry.until(), relay.trouble(), callers.last(), callers.own()];
      const { allowFrom } = spec.driver.settings;
      return {
        ...status,
        ...(until && { until }),
        master: { ...spec.master, ...(trouble && { trouble }) },
        ...{ connections: relay.connections(), connectionLimit: relay.limit },
        ...(allowFrom && { allowFrom }),
        ...(last.length > 0 && { callers: last }),
        ...(own && { ownAddress: own }),
      };
    },
    setDeadline: expiry.set,
    done: done.finally(relay.close),
  };
};
