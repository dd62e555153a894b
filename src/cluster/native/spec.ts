import type { Egress } from '../../model/cluster.ts';
import type { NodeLimits } from './isolation/limits.ts';
import type { NativeNetwork } from './network.ts';

/** The programs that the node runs. */
export type NodeBinary =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kube-proxy'
  | 'kubeadm'
  | 'containerd'
  | 'ctr'
  | 'runc'
  | 'iptables-restore'
  | 'coredns';

/** The programs and images of a node. */
export type NodeSoftware = {
  /** As in `v1.34.4`. */
  readonly kubernetesVersion: string;
  readonly binaries: Readonly<Record<NodeBinary, string>>;
  readonly cniPluginsDir: string;
  /** Folders searched before the system's, for iptables. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly pauseImage: string;
  /** Enforces NetworkPolicies, where they are wanted. */
  readonly policyEngine?: NodePolicyEngine;
};

/** kube-router, and the folders of ipset and its libraries. */
export type NodePolicyEngine = {
  readonly kubeRouter: string;
  readonly path: readonly string[];
  readonly libraries: readonly string[];
};

/** Identifies a native cluster. */
export type NativeTarget = {
  readonly name: string;
  /** The instance's folder; the node writes nowhere else. */
  readonly instanceDir: string;
  readonly network: NativeNetwork;
};

/** Who passes the node's link, in both directions. */
export type FenceSettings = {
  readonly egress: Egress;
  /** Source ranges that reach task ports besides this host. */
  readonly allowFrom: readonly string[];
  readonly portRange: { readonly start: number; readonly end: number };
  /** On this host: a new node admits it there at once. */
  readonly masterPort: number;
};

/** What the settings allow a node. */
export type NodeSettings = { readonly fence: FenceSettings; readonly limits: NodeLimits };

/** The input of a native cluster. */
export type NativeSpec = NativeTarget & NodeSettings & NodeSoftware;

/** The node's name in the cluster. Tested in test/cluster/native/components.test.ts. */
export const nodeName = (name: string): string => `taskgate-${name}`;
