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
/** `gone`: looked for and absent. `unknown`: the API server refused to show it. */
export type Seen<T> = T | 'gone' | 'unknown';

/** The path's objects as the API server shows them, and what Envoy itself says when dialed past kube-proxy. */
export type PathView = {
  readonly gateway: Seen<Gateway>;
  readonly envoyService: Seen<Service>;
  readonly envoyPods: readonly Pod[];
  readonly pods: readonly Pod[];
  readonly events: readonly KubeEvent[];
  readonly ports: ReadonlyMap<number, PortView>;
};

export type PortView = {
  readonly route: Seen<TCPRoute>;
  readonly service: Seen<Service>;
  readonly slices: readonly EndpointSlice[];
  /** Undefined when it was not dialed, or had no address. */
  readonly envoy: DialResult | undefined;
};
