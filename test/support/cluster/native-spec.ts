import { networkOf } from '../../../src/cluster/native/network.ts';
import type { NativeSpec, NodeBinary } from '../../../src/cluster/native/spec.ts';

const names = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubeadm',
  'containerd',
  'ctr',
  'runc',
  'iptables-restore',
  'coredns',
] as const satisfies readonly NodeBinary[];

/** A node of which every program lies in /bin. */
export const nativeSpec: NativeSpec = {
  name: 'dev',
  instanceDir: '/state/dev',
  network: networkOf('10.210.0.0/16'),
  fence: { egress: 'master', allowFrom: [], portRange: { start: 20000, end: 20199 }, masterPort: 8080 },
  limits: { memoryMb: 6000, machineMb: 8000, pids: 16384 },
  kubernetesVersion: 'v1.34.4',
  binaries: Object.fromEntries(names.map((name) => [name, `/bin/${name}`])) as Record<NodeBinary, string>,
  cniPluginsDir: '/cni',
  path: ['/tools'],
  env: { LD_LIBRARY_PATH: '/libs' },
  pauseImage: 'registry.k8s.io/pause:3.10',
};
