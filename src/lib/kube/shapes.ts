import type { KubeObject, ObjectRef } from './types.ts';

/** The fields of Kubernetes objects that are read here; a live object keeps all its others through get and update. */

export type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  /** Of a Node. */
  readonly lastHeartbeatTime?: string;
  readonly lastTransitionTime?: string;
};

export type Conditioned = KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } };

export type Listener = { readonly name: string; readonly port: number; readonly protocol?: string };

export type Gateway = KubeObject & {
  readonly spec: { readonly gatewayClassName?: string; readonly listeners: readonly Listener[] };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly value: string }[];
    readonly listeners?: readonly { readonly name: string; readonly conditions?: readonly Condition[] }[];
  };
};

export type GatewayClass = KubeObject & { readonly spec?: { readonly controllerName?: string } };

export type TCPRoute = KubeObject & {
  readonly spec?: {
    readonly parentRefs?: readonly {
      readonly name: string;
      readonly namespace?: string;
      readonly port?: number;
      readonly sectionName?: string;
    }[];
  };
  readonly status?: { readonly parents?: readonly { readonly conditions?: readonly Condition[] }[] };
};

export type Reason = { readonly reason?: string; readonly message?: string };

export type ContainerStatus = {
  readonly name: string;
  readonly image?: string;
  readonly ready?: boolean;
  readonly state?: {
    readonly running?: object;
    readonly waiting?: Reason;
    readonly terminated?: Reason & { readonly exitCode: number };
  };
};

export type Pod = KubeObject & {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers: readonly {
      readonly name: string;
      readonly args?: readonly string[];
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly Condition[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
};

export type Node = KubeObject & {
  readonly spec?: {
    readonly providerID?: string;
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly effect?: string }[];
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo?: { readonly bootID?: string };
    readonly images?: readonly { readonly names?: readonly string[]; readonly sizeBytes?: number }[];
  };
};

export type KubeEvent = KubeObject &
  Reason & {
    readonly type?: string;
    readonly count?: number;
    readonly lastTimestamp?: string | null;
    readonly eventTime?: string | null;
    readonly series?: { readonly lastObservedTime?: string };
    readonly involvedObject?: { readonly kind?: string; readonly name?: string };
  };

/** `Kind namespace/name`, for messages. */
export const describeRef = ({ kind, metadata: { namespace, name } }: ObjectRef): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

/** Whether the Ready condition of a Pod or Node is True. */
export const isReady = ({ status }: Conditioned): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

const timeOf = ({ series, lastTimestamp, eventTime, metadata }: KubeEvent): number =>
  Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') || 0;

/** The newest event; of equal times, the one that comes last. */
export const newestOf = (events: readonly KubeEvent[]): KubeEvent | undefined =>
  events.reduce<KubeEvent | undefined>((best, one) => (best && timeOf(best) > timeOf(one) ? best : one), undefined);
