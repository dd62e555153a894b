import type { ForwardSpec } from '../instance/tunnels.ts';
import type { PortForwarder } from '../lib/kube/port-forward.ts';
import type { GatewayName } from '../model/gateway-endpoint.ts';
import { containerPort } from '../model/task-listener.ts';
import type { ForwardStatus } from '../model/tunnel-status.ts';
import { judgeForwards, type Seen, type WantedListener } from './plan.ts';
import { type Forward, openForward } from './server.ts';

type Observation = Omit<Seen, 'listeners'>;

/** All forwards of a Gateway, with the state of the pods behind them. */
export type ForwardedPorts = {
  /** Opens the forwards that are missing and closes those that are not wanted; all others are left alone. */
  readonly sync: (wanted: ReadonlyMap<number, WantedListener>) => void;
  /** Takes over what was seen of the cluster. */
  readonly update: (seen: Observation) => void;
  /** Sets the port-forwarder for new connections. */
  readonly useForwarder: (forward: PortForwarder) => void;
  /** Ends everything. */
  readonly close: () => void;
};

export type PortTimings = {
  /** Changes within this time are reported together. */
  readonly reportMs: number;
  /** Pause before the first retry of a port that is in use. */
  readonly busyPortMs: number;
};

export type ForwardPortsInput = Pick<ForwardSpec, 'gateway' | 'address'> & {
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

/** Begins without any forward. Tested in test/forward/forward.test.ts. */
export const forwardPorts = ({ gateway, address, onState, timings }: ForwardPortsInput): ForwardedPorts => {
  const forwards = new Map<number, Forward>();
  const ending = new Set<Forward>();
  const route: Route = { seen: {} };
  let reporting: NodeJS.Timeout | undefined;

  const report = (): void => {
    reporting = undefined;
    for (const one of ending) if (one.status().connections === 0) ending.delete(one);
    const listeners = [...forwards.values()].map(({ status }) => status());
    const gone = [...ending].map(({ status }) => status());
    const connections = [...listeners, ...gone].reduce((sum, one) => sum + one.connections, 0);
    onState({ ...judgeForwards({ ...route.seen, listeners }), listeners, connections });
  };
  const onChange = (): void => {
    reporting ??= setTimeout(report, timings.reportMs);
  };
  return {
    sync: (wanted) => {
      for (const [port, one] of forwards) {
        if (wanted.has(port)) continue;
        one.close();
        forwards.delete(port);
        ending.add(one);
      }
      for (const [port, listener] of wanted) {
        if (forwards.has(port)) continue;
        const dial = () => dialListener(route, gateway, port);
        forwards.set(port, openForward({ listener, address, dial, onChange, firstPauseMs: timings.busyPortMs }));
      }
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
      for (const one of [...forwards.values(), ...ending]) one.destroy();
      clearTimeout(reporting);
      reporting = undefined;
    },
  };
};
