import { setTimeout as pause } from 'node:timers/promises';
import { readAccess } from '../instance/access.ts';
import type { ForwardSpec } from '../instance/tunnels.ts';
import { nextDelayMs } from '../lib/backoff.ts';
import { messageOf } from '../lib/errors.ts';
import { connect, type Kube } from '../lib/kube/client.ts';
import { type PortForwarder, portForwarder } from '../lib/kube/port-forward.ts';
import type { Gateway, Pod } from '../lib/kube/shapes.ts';
import { envoyPods } from '../model/contour-names.ts';
import { gatewayKind } from '../model/gateway-api.ts';
import type { ForwardStatus } from '../model/tunnel-status.ts';
import { servingPods, wantedListeners } from './plan.ts';
import { type ForwardedPorts, forwardPorts, type PortTaken, type PortTimings } from './ports.ts';

/** Clients of the cluster, by its current kubeconfig. */
export type ForwardCluster = { readonly kube: Kube; readonly forward: PortForwarder };

export type ForwardTools = {
  readonly signal: AbortSignal;
  /** Called with each new status, at most a few times a second. */
  readonly onState: (status: ForwardStatus) => void;
  /** For a proxy before an attached cluster. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called again after each outage: Minikube's API server comes back on another port. */
  readonly connectTo?: (spec: ForwardSpec) => Promise<ForwardCluster>;
  readonly timings?: ForwardTimings;
};

export type ForwardTimings = PortTimings & {
  /** Pause after a check that the API server did not answer. */
  readonly missedPulseMs: number;
};

const defaultTimings: ForwardTimings = { reportMs: 100, busyPortMs: 500, missedPulseMs: 1_000 };

const connectBy =
  (env: Readonly<Record<string, string | undefined>>) =>
  async (spec: ForwardSpec): Promise<ForwardCluster> => {
    const { kubeconfig, kubeContext, options } = await readAccess(spec, env);
    return {
      kube: connect(kubeconfig, kubeContext, options),
      forward: portForwarder(kubeconfig, kubeContext, options),
    };
  };

type Session = {
  readonly spec: ForwardSpec;
  readonly kube: Kube;
  readonly ports: ForwardedPorts;
  readonly missedPulseMs: number;
  readonly signal: AbortSignal;
};

const followGateway = async ({ spec: { gateway, portRange }, kube, ports, signal }: Session): Promise<void> => {
  const selection = { ...gatewayKind, ...gateway };
  for await (const [found] of kube.watch<Gateway>(selection, signal)) {
    ports.update({ gateway: { name: gateway.name, isThere: found !== undefined } });
    ports.sync(wantedListeners(found, portRange));
  }
};

const followPods = async ({ spec: { gateway }, kube, ports, signal }: Session): Promise<void> => {
  for await (const pods of kube.watch<Pod>(envoyPods(gateway), signal)) ports.update({ pods: servingPods(pods) });
};

const pulseMs = 5_000;
const mostMissed = 3;

/** Watches reconnect without a report, so this checks whether the API server answers at all. */
const followPulse = async ({ kube, ports, missedPulseMs, signal }: Session): Promise<void> => {
  for (let missed = 0; !signal.aborted; ) {
    try {
      const late = pause(pulseMs, undefined, { ref: false }).then(() => {
        throw new Error(`the API server does not answer within ${pulseMs / 1_000} s`);
      });
      await Promise.race([kube.text('/version'), late]);
      missed = 0;
      ports.update({ outage: undefined });
    } catch (error) {
      ports.update({ outage: messageOf(error) });
      if (++missed === mostMissed) throw error;
    }
    await pause(missed > 0 ? missedPulseMs : pulseMs, undefined, { signal }).catch(() => undefined);
  }
};

/** Follows the cluster until the signal aborts. Throws the first failure. */
const followCluster = async (session: Session): Promise<void> => {
  const failed = new AbortController();
  const parts = { ...session, signal: AbortSignal.any([session.signal, failed.signal]) };
  const endAll = (error: unknown): void => failed.abort(error);
  await Promise.all([followGateway, followPods, followPulse].map((follow) => follow(parts).catch(endAll)));
  if (!session.signal.aborted) throw failed.signal.reason;
};

const backoff = { firstMs: 500, longestMs: 5_000 };

/** The tokens of whom the master serves would go to whoever holds the port. */
const refuseStranger = ({ address }: ForwardSpec, { port, by }: PortTaken): ForwardStatus => ({
  state: 'failed',
  detail: `port ${port} of ${address}, which the master may give to a task, is held by another user: ${by}`,
  hint: `have that program stopped (ss -ltnp 'sport = :${port}' as root shows it), or move gateway.portRange`,
  errorId: 'tunnel.forward-taken',
  ...{ listeners: [], connections: 0 },
});

/**
 * Forwards each listener of a Gateway in the port range from the same port of `address` to Envoy, until the signal
 * aborts; then all connections are reset. Each connection is a Kubernetes port-forward of its own, so a listener that comes
 * or goes affects no other. Connections of a removed listener stay open until Envoy or the client ends them.
 * Failures are reported by `onState` and retried, never thrown; a port that another user holds ends it.
 */
export const keepForwards = async (
  spec: ForwardSpec,
  { signal, onState, env = {}, connectTo: connecting = connectBy(env), timings = defaultTimings }: ForwardTools,
): Promise<void> => {
  const ports = forwardPorts({ ...spec, onState, timings });
  const taken = await ports.bound;
  if (taken) {
    ports.close();
    return onState(refuseStranger(spec, taken));
  }
  let pauseMs = backoff.firstMs;
  while (!signal.aborted) {
    const startMs = performance.now();
    try {
      const { kube, forward } = await connecting(spec);
      ports.useForwarder(forward);
      await followCluster({ spec, kube, ports, missedPulseMs: timings.missedPulseMs, signal });
    } catch (error) {
      ports.update({ outage: messageOf(error) });
    }
    const wasSteady = performance.now() - startMs > 2 * backoff.longestMs;
    pauseMs = nextDelayMs(backoff, wasSteady ? undefined : pauseMs);
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  ports.close();
};
