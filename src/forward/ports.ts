import type { ForwardSpec } from '../instance/tunnels.ts';
import { hasCode } from '../lib/errors.ts';
import type { PortForwarder } from '../lib/kube/port-forward.ts';
import { findStranger } from '../lib/process/port-holder.ts';
import type { GatewayName } from '../model/gateway-endpoint.ts';
import { containerPort } from '../model/task-listener.ts';
import type { ForwardStatus } from '../model/tunnel-status.ts';
import { judgeForwards, type Seen, type WantedListener } from './plan.ts';
import { type Forward, openForward } from './server.ts';

type Observation = Omit<Seen, 'listeners'>;

/** All forwards of a Gateway, with the state of the pods behind them. */
export type ForwardedPorts = {
  /** Resolves once each port was tried; with who holds one of them, where that is another user. */
  readonly bound: Promise<PortTaken | undefined>;
  /** Serves these listeners from now on; connections of others stay until they end. */
  readonly sync: (wanted: ReadonlyMap<number, WantedListener>) => void;
  /** Takes over what was seen of the cluster. */
  readonly update: (seen: Observation) => void;
  /** Sets the port-forwarder for new connections. */
  readonly useForwarder: (forward: PortForwarder) => void;
  /** Ends everything. */
  readonly close: () => void;
};

/** A port that another user of this machine holds, as `uid 1001 (alice)`. */
export type PortTaken = { readonly port: number; readonly by: string };

export type PortTimings = {
  /** Changes within this time are reported together. */
  readonly reportMs: number;
  /** Pause before the first retry of a port that is in use. */
  readonly busyPortMs: number;
};

export type ForwardPortsInput = Pick<ForwardSpec, 'gateway' | 'address' | 'portRange'> & {
  readonly onState: (status: ForwardStatus) => void;
  readonly timings: PortTimings;
};

type Route = { seen: Observation; forward?: PortForwarder };

/** Opens a connection to a listener through the first pod that accepts it. */
const dialListener = async ({ seen, forward }: Route, { name, namespace }: GatewayName, port: number) => {
  let failure: unknown = new Error(seen.outage ?? `no Envoy pod of Gateway ${name} is ready`);
  for (const pod of seen.pods ?? []) {
    if (!forward) break;
    try {
      return await forward({ namespace, pod, port: containerPort(port) });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
};

/** The first port that is held by another user, once all of them were tried. */
const findTaken = async (forwards: ReadonlyMap<number, Forward>, address: string): Promise<PortTaken | undefined> => {
  for (const [port, { bound }] of forwards) {
    if (!hasCode(await bound, 'EADDRINUSE')) continue;
    const by = await findStranger(address, port);
    if (by !== undefined) return { port, by };
  }
  return undefined;
};

/** A range with more ports is not held: a port is opened with its listener then. */
const mostHeld = 2_048;

/**
 * Holds every port of the range from the start, whether or not it has a listener: who held one first would get the
 * master's calls to tasks, and the tokens in them. Tested in test/forward/forward.test.ts.
 */
export const forwardPorts = (input: ForwardPortsInput): ForwardedPorts => {
  const { gateway, address, portRange, onState, timings } = input;
  const route: Route = { seen: {} };
  let reporting: NodeJS.Timeout | undefined;
  let isClosed = false;

  const report = (): void => {
    reporting = undefined;
    const all = [...forwards.values()];
    const listeners = all.map(({ status }) => status()).filter((status) => status !== undefined);
    const connections = all.reduce((sum, one) => sum + one.connections(), 0);
    onState({ ...judgeForwards({ ...route.seen, listeners }), listeners, connections });
  };
  const onChange = (): void => {
    if (!isClosed) reporting ??= setTimeout(report, timings.reportMs);
  };
  const open = (port: number): Forward => {
    const dial = () => dialListener(route, gateway, port);
    return openForward({ port, address, dial, onChange, firstPauseMs: timings.busyPortMs });
  };
  const forwards = new Map<number, Forward>();
  const hold = (port: number): Forward => {
    const forward = forwards.get(port) ?? open(port);
    forwards.set(port, forward);
    return forward;
  };
  if (portRange.end - portRange.start < mostHeld) for (let at = portRange.start; at <= portRange.end; at++) hold(at);
  return {
    bound: findTaken(new Map(forwards), address),
    sync: (wanted) => {
      for (const port of wanted.keys()) hold(port);
      for (const [port, one] of forwards) one.serve(wanted.get(port)?.name);
      onChange();
    },
    update: (seen) => {
      route.seen = { ...route.seen, ...seen };
      onChange();
    },
    useForwarder: (forward) => {
      route.forward = forward;
    },
    close: () => {
      isClosed = true;
      for (const one of forwards.values()) one.destroy();
      clearTimeout(reporting);
    },
  };
};
