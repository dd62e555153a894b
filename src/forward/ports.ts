import type { Duplex } from 'node:stream';
import type { PortForwarder } from '../lib/kube/port-forward.ts';
import { containerPort } from '../model/task-listener.ts';
import type { ForwardStatus } from '../model/tunnel-status.ts';
import { judgeForwards, type Seen, type WantedListener } from './plan.ts';
import { type Forward, openForward } from './server.ts';

type News = Omit<Seen, 'listeners'>;

/** All forwards of a Gateway, and what is known of what lies behind them. */
export type Board = {
  /** Opens the forwards that are missing and closes those that are not wanted; all others are left alone. */
  readonly sync: (wanted: ReadonlyMap<number, WantedListener>) => void;
  readonly note: (news: News) => void;
  /** Takes this way into the cluster for the connections from now on. */
  readonly use: (forward: PortForwarder) => void;
  /** Ends everything. */
  readonly close: () => void;
};

export type BoardTimings = {
  /** From a change to the report of it and of all that came meanwhile. */
  readonly reportMs: number;
  /** From a port that is taken to the first time that it is tried again. */
  readonly takenMs: number;
};

export type BoardInput = {
  readonly gateway: { readonly name: string; readonly namespace: string };
  readonly address: string;
  readonly onState: (status: ForwardStatus) => void;
  readonly timings: BoardTimings;
};

type Route = { seen: News; forward?: PortForwarder };

/** Opens a connection to a listener through the first pod that takes it. */
const dialListener = async (
  route: Route,
  { name, namespace }: BoardInput['gateway'],
  port: number,
): Promise<Duplex> => {
  const { seen, forward } = route;
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

export const makeBoard = ({ gateway, address, onState, timings }: BoardInput): Board => {
  const forwards = new Map<number, Forward>();
  const ending = new Set<Forward>();
  const route: Route = { seen: {} };
  let reporting: NodeJS.Timeout | undefined;

  const report = (): void => {
    reporting = undefined;
    for (const one of ending) if (one.status().connections === 0) ending.delete(one);
    const listeners = [...forwards.values()].map(({ status }) => status());
    const all = [...listeners, ...[...ending].map(({ status }) => status())];
    const connections = all.reduce((sum, one) => sum + one.connections, 0);
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
        forwards.set(port, openForward({ listener, address, dial, onChange, firstPauseMs: timings.takenMs }));
      }
      onChange();
    },
    note: (news) => {
      route.seen = { ...route.seen, ...news };
      onChange();
    },
    use: (forward) => {
      route.forward = forward;
    },
    close: () => {
      for (const one of [...forwards.values(), ...ending]) one.destroy();
      clearTimeout(reporting);
      reporting = undefined;
    },
  };
};
