import type { NativeNetwork } from './network.ts';

/** Programs that the node runs, by their own names, as absolute paths. */
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
  | 'coredns';

/** The programs and images that a node is made from. */
export type NodeSoftware = {
  /** As in `v1.34.4`. */
  readonly kubernetesVersion: string;
  readonly binaries: Readonly<Record<NodeBinary, string>>;
  readonly cniPluginsDir: string;
  /** Folders searched before the system's, for iptables. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly pauseImage: string;
};

/** What tells one native cluster from another. */
export type NativePlace = {
  readonly name: string;
  /** The instance's folder; everything that the node writes stays below it. */
  readonly instanceDir: string;
  readonly network: NativeNetwork;
};

/** All that one native cluster is made from. */
export type NativeSpec = NativePlace & NodeSoftware;

/** The node's name in the cluster. */
export const nodeName = (name: string): string => `taskgate-${name}`;
