import { envoyName } from '../../model/contour-names.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import { type InstanceIdentity, labelsOf } from '../../model/labels.ts';
import { type NetworkPolicy, networkPolicyKind, type Peer } from '../../model/security/network-policy.ts';
import { allocationLabel } from '../../model/task-objects.ts';

/** What tasks may reach, and who may reach them. */
export type TaskPolicyInput = InstanceIdentity & {
  /** Where tasks run. */
  readonly namespace: string;
  readonly gateway: GatewayName;
  /** The DNS server's address where it is no pod of kube-dns. */
  readonly dnsAddress?: string;
  readonly master: {
    readonly port: number;
    /** Ranges that the master is in; undefined lets tasks dial its port at every address. */
    readonly ranges: readonly string[] | undefined;
  };
  /** Further ranges that tasks may dial. */
  readonly egressAllow: readonly string[];
  /** Tasks of the namespace may reach each other. */
  readonly taskToTask: boolean;
};

/** Pods of a Determined master, and the sample task's: all have this label, whatever its value. */
const taskPods = { matchExpressions: [{ key: allocationLabel, operator: 'Exists' }] } as const;

const inNamespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

const rangeOf = (cidr: string): Peer => ({ ipBlock: { cidr } });

/** Kubernetes' DNS pods by the label that every distribution keeps, and the address of the node-local cache. */
const clusterDns: readonly Peer[] = [
  { namespaceSelector: inNamespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
  rangeOf('169.254.20.10/32'),
];

/** The name of an instance's policy. */
export const taskPolicyRef = ({ instance, namespace }: Pick<TaskPolicyInput, 'instance' | 'namespace'>) => ({
  ...networkPolicyKind,
  metadata: { name: `taskgate-${instance}`, namespace },
});

/**
 * Default deny for task pods, both ways: in from Envoy, out to DNS and the master. A policy cannot say "the same value of a
 * label", so tasks reach each other either not at all or all of them.
 */
export const taskPolicy = (input: TaskPolicyInput): NetworkPolicy => {
  const { gateway, dnsAddress, master, egressAllow, taskToTask } = input;
  const envoy: Peer = {
    namespaceSelector: inNamespace(gateway.namespace),
    podSelector: { matchLabels: { app: envoyName(gateway) } },
  };
  const others: readonly Peer[] = taskToTask ? [{ podSelector: taskPods }] : [];
  const further = [...egressAllow.map(rangeOf), ...others];
  const { kind, apiVersion, metadata } = taskPolicyRef(input);
  return {
    ...{ apiVersion, kind, metadata: { ...metadata, labels: labelsOf(input, 'network-policy') } },
    spec: {
      podSelector: taskPods,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [envoy, ...others] }],
      egress: [
        {
          to: dnsAddress === undefined ? clusterDns : [rangeOf(`${dnsAddress}/32`)],
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
        {
          ...(master.ranges && { to: master.ranges.map(rangeOf) }),
          ports: [{ protocol: 'TCP', port: master.port }],
        },
        ...(further.length > 0 ? [{ to: further }] : []),
      ],
    },
  };
};
