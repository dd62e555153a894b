import type { Gateway, KubeEvent, Pod, TCPRoute } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import type { DialResult } from '../probe/dial.ts';

export type Service = KubeObject & {
  readonly spec?: { readonly clusterIP?: string; readonly ports?: readonly { readonly port: number }[] };
};
export type EndpointSlice = KubeObject & {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
};
/** `absent`: it does not exist. `unknown`: the API server refused to return it. */
export type Observed<T> = T | 'absent' | 'unknown';

/** The path's objects from the API server, and Envoy's answer when dialed past kube-proxy. */
export type PathView = {
  readonly gateway: Observed<Gateway>;
  readonly envoyService: Observed<Service>;
  readonly envoyPods: readonly Pod[];
  readonly pods: readonly Pod[];
  readonly events: readonly KubeEvent[];
  readonly ports: ReadonlyMap<number, PortView>;
};

export type PortView = {
  readonly route: Observed<TCPRoute>;
  readonly service: Observed<Service>;
  readonly slices: readonly EndpointSlice[];
  /** Undefined if it was not dialed or had no address. */
  readonly envoy: DialResult | undefined;
};
