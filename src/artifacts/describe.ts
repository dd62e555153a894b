// Tested in test/artifacts/artifacts.test.ts
import { basename, dirname, join } from 'node:path';
import { type TaskImageKind, taskImageRef } from '../model/images/task-image.ts';
import { type Arch, kubernetesPrograms, type Pins } from '../model/pins.ts';
import type { StoredItem } from './item.ts';
import type { Items, PolicyItem, TaskItem } from './items.ts';
import {
  cniPluginsPath,
  debianEnvironment,
  ipsetPath,
  libraryFolders,
  type RuntimeProgram,
  runtimePaths,
  runtimePrograms,
} from './runtime.ts';
import { archiveName } from './sources/images.ts';
import { taskArchiveName } from './task-image/source.ts';

export type BinaryName = 'etcd' | 'coredns' | (typeof kubernetesPrograms)[number] | RuntimeProgram;

/** What the Gateway needs on any cluster, as absolute paths. */
export type GatewayArtifacts = {
  readonly images: { readonly archive: string; readonly refs: readonly string[] };
  readonly contourManifest: { readonly path: string; readonly sha256: string };
};

/** What a native node and its Gateway need, as absolute paths. */
export type Artifacts = GatewayArtifacts & {
  /** Where NetworkPolicies are wanted. */
  readonly policyEngine?: PolicyEngine;
  readonly binaries: Readonly<Record<BinaryName, string>>;
  /** Holds ptp, host-local, loopback and portmap. */
  readonly cniPluginsDir: string;
  /** Folders to put first in the PATH of the node's processes. */
  readonly path: readonly string[];
  /** Environment in which the node's processes find their libraries. */
  readonly env: Readonly<Record<string, string>>;
};

/** What an API server without a node needs, as absolute paths. */
export type ControlPlane = Pick<GatewayArtifacts, 'contourManifest'> & {
  readonly binaries: Readonly<Record<(typeof kubernetesPrograms)[number] | 'etcd', string>>;
};

/** The engine that enforces NetworkPolicies on a native node, as absolute paths. */
export type PolicyEngine = {
  readonly kubeRouter: string;
  /** Folders of ipset and its libraries, for PATH and LD_LIBRARY_PATH; no libraries where it is this machine's own. */
  readonly path: readonly string[];
  readonly libraries: readonly string[];
};

/** The small task image: path of its OCI archive, and its one name. */
export type TaskImage = { readonly archive: string; readonly ref: string };

/** The cached item of each name. */
export type Stored = Readonly<Record<keyof Items['wanted'], StoredItem>>;

const pathsIn = <Name extends string>(dir: string, names: readonly Name[], pathOf = (name: Name): string => name) =>
  Object.fromEntries(names.map((name) => [name, join(dir, pathOf(name))])) as Record<Name, string>;

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

/** The paths inside the items of a control plane. */
export const describeControlPlane = (
  pins: Pins,
  { kubernetes, etcd, contourManifest }: Pick<Stored, 'kubernetes' | 'etcd' | 'contourManifest'>,
): ControlPlane => ({
  contourManifest: describeManifest(pins, contourManifest),
  binaries: { ...pathsIn(kubernetes.dir, kubernetesPrograms), etcd: join(etcd.dir, 'etcd') },
});

/** The paths inside the items. */
export const describeArtifacts = (
  pins: Pins,
  arch: Arch,
  stored: Omit<Stored, PolicyItem | TaskItem | 'determined'>,
): Artifacts => {
  const { coredns, runtime } = stored;
  return {
    ...describeGatewayArtifacts(pins, stored),
    binaries: {
      ...describeControlPlane(pins, stored).binaries,
      ...pathsIn(runtime.dir, runtimePrograms, (name) => runtimePaths[name]),
      coredns: join(coredns.dir, 'coredns'),
    },
    cniPluginsDir: join(runtime.dir, cniPluginsPath),
    path: ['usr/sbin', 'usr/bin'].map((path) => join(runtime.dir, path)),
    env: runtime.source === 'host' ? {} : debianEnvironment(runtime.dir, arch),
  };
};

export const describePolicyEngine = (
  arch: Arch,
  { kubeRouter, ipset }: Pick<Stored, 'kubeRouter' | 'ipset'>,
): PolicyEngine => ({
  kubeRouter: join(kubeRouter.dir, 'kube-router'),
  path: [join(ipset.dir, dirname(ipsetPath))],
  libraries: ipset.source === 'host' ? [] : libraryFolders(ipset.dir, arch),
});

/** The engine's image for a node made elsewhere. */
export const describePolicyImages = ({ policyImages }: Pins, { dir }: StoredItem): GatewayArtifacts['images'] => ({
  archive: join(dir, archiveName),
  refs: policyImages.map(({ ref }) => ref),
});

export const describeTaskImage = ({ taskImage }: Pins, kind: TaskImageKind, { dir }: StoredItem): TaskImage => ({
  archive: join(dir, taskArchiveName),
  ref: taskImageRef(taskImage, kind),
});
