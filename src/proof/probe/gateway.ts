import type { ObjectMeta } from '../../lib/kube/types.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';

export type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
};

export type Listener = { readonly name: string; readonly port: number };

/** Only what is read here; a live Gateway keeps all its other fields through get and update. */
export type Gateway = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: { readonly listeners: readonly Listener[] };
  readonly status?: {
    readonly addresses?: readonly { readonly value: string }[];
    readonly conditions?: readonly Condition[];
    readonly listeners?: readonly { readonly name: string; readonly conditions?: readonly Condition[] }[];
  };
};

/** The Gateway object of an endpoint. */
export const gatewayRef = ({ name, namespace }: GatewayName) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace },
});
