import type { KubeObject } from '../../lib/kube/types.ts';
import type { Dialed } from '../probe/dial.ts';
import type { Condition, Gateway } from '../probe/gateway.ts';

type Waiting = { readonly reason?: string; readonly message?: string };
export type Pod = KubeObject & {
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly ready: boolean;
      readonly state?: { readonly waiting?: Waiting; readonly terminated?: Waiting & { readonly exitCode: number } };
    }[];
  };
};
export type Route = KubeObject & {
  readonly status?: { readonly parents?: readonly { readonly conditions?: readonly Condition[] }[] };
};
export type Service = KubeObject & {
  readonly spec?: { readonly clusterIP?: string; readonly ports?: readonly { readonly port: number }[] };
};
export type EndpointSlice = KubeObject & {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
};
export type PodEvent = KubeObject & {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly involvedObject?: { readonly name?: string };
};

/** `gone`: looked for and absent. `unknown`: the API server refused to show it. */
export type Seen<T> = T | 'gone' | 'unknown';

/** The path's objects as the API server shows them, and what Envoy itself says when dialed past kube-proxy. */
export type PathView = {
  readonly gateway: Seen<Gateway>;
  readonly envoyService: Seen<Service>;
  readonly envoyPods: readonly Pod[];
  readonly pods: readonly Pod[];
  readonly events: readonly PodEvent[];
  readonly ports: ReadonlyMap<number, PortView>;
};

export type PortView = {
  readonly route: Seen<Route>;
  readonly service: Seen<Service>;
  readonly slices: readonly EndpointSlice[];
  /** Undefined when it was not dialed, or had no address. */
  readonly envoy: Dialed | undefined;
};
