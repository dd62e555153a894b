import { basename, join } from 'node:path';
import type { Arch, Pins } from '../model/pins.ts';
import type { StoredItem } from './item.ts';
import type { Items } from './items.ts';
import { cniPluginsPath, debianEnvironment, type RuntimeProgram, runtimePaths } from './runtime.ts';
import { archiveName } from './sources/images.ts';

export type BinaryName =
  | 'etcd'
  | 'coredns'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-proxy'
  | 'kube-scheduler'
  | 'kubeadm'
  | 'kubectl'
  | 'kubelet'
  | RuntimeProgram;

/** What the Gateway is made of on any cluster, as absolute paths. */
export type GatewayArtifacts = {
  readonly images: { readonly archive: string; readonly refs: readonly string[] };
  readonly contourManifest: { readonly path: string; readonly sha256: string };
};

/** Everything that a native node and its Gateway are made of, as absolute paths. */
export type Artifacts = GatewayArtifacts & {
  readonly binaries: Readonly<Record<BinaryName, string>>;
  /** Holds ptp, host-local, loopback and portmap. */
  readonly cniPluginsDir: string;
  /** Folders for the front of PATH of the node's processes. */
  readonly path: readonly string[];
  /** For the node's processes, so that they find their own libraries. */
  readonly env: Readonly<Record<string, string>>;
};

/** Where each wanted item lies. */
export type Stored = Readonly<Record<keyof Items['wanted'], StoredItem>>;

const kubernetesBinaries = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubeadm',
  'kubectl',
  'kubelet',
] as const;

const pathsIn = <Name extends string>(dir: string, paths: Readonly<Record<Name, string>>) =>
  Object.fromEntries(Object.entries<string>(paths).map(([name, path]) => [name, join(dir, path)])) as Record<
    Name,
    string
  >;

const kubernetesPaths = Object.fromEntries(kubernetesBinaries.map((name) => [name, name])) as Record<
  (typeof kubernetesBinaries)[number],
  string
>;

export const describeManifest = (
  { contourManifest }: Pins,
  { dir }: StoredItem,
): GatewayArtifacts['contourManifest'] => ({
  path: join(dir, basename(contourManifest.go.path)),
  sha256: contourManifest.sha256,
});

/** The paths inside the items that every cluster needs. */
export const describeGatewayArtifacts = (
  pins: Pins,
  { contourManifest, images }: Pick<Stored, 'contourManifest' | 'images'>,
): GatewayArtifacts => ({
  images: { archive: join(images.dir, archiveName), refs: pins.images.map(({ ref }) => ref) },
  contourManifest: describeManifest(pins, contourManifest),
});

/** The paths inside the items. */
export const describeArtifacts = (pins: Pins, arch: Arch, stored: Stored): Artifacts => {
  const { kubernetes, etcd, coredns, runtime } = stored;
  return {
    ...describeGatewayArtifacts(pins, stored),
    binaries: {
      ...pathsIn(kubernetes.dir, kubernetesPaths),
      ...pathsIn(runtime.dir, runtimePaths),
      etcd: join(etcd.dir, 'etcd'),
      coredns: join(coredns.dir, 'coredns'),
    },
    cniPluginsDir: join(runtime.dir, cniPluginsPath),
    path: ['usr/sbin', 'usr/bin'].map((path) => join(runtime.dir, path)),
    env: runtime.source === 'host' ? {} : debianEnvironment(runtime.dir, arch),
  };
};
