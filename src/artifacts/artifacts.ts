import { resolve } from 'node:path';
import type { Mirror } from '../lib/http/mirror.ts';
import type { Runner } from '../lib/process/runner.ts';
import { systemPath } from '../lib/process/system-path.ts';
import type { Trusted } from '../lib/trust/users.ts';
import type { TaskImageKind } from '../model/images/task-image.ts';
import type { Pins } from '../model/pins.ts';
import { type BundleProof, verifyBundle } from './bundle/index-file.ts';
import { copyToBundle } from './bundle/writer.ts';
import {
  type Artifacts,
  type ControlPlane,
  describeArtifacts,
  describeControlPlane,
  describeGatewayArtifacts,
  describeManifest,
  describePolicyEngine,
  describePolicyImages,
  describeTaskImage,
  type GatewayArtifacts,
  type Stored,
  type TaskImage,
} from './describe.ts';
import type { Item } from './item.ts';
import { type Items, makeItems, type TaskItem } from './items.ts';
import { detectPlatform, type Platform } from './platform.ts';
import { findWheelIn } from './sources/wheel-file.ts';
import { findStored } from './store/cache.ts';
import { fillCache } from './store/ensure.ts';
import { bundleFailure } from './store/failure.ts';
import type { NetworkOptions } from './store/network.ts';
import { verifyCacheOwners } from './store/owners.ts';
import type { OnProgress } from './store/progress.ts';
import { makeTrust } from './store/trust.ts';

export type { Pins } from '../model/pins.ts';
export type { Artifacts, BinaryName, ControlPlane, GatewayArtifacts, PolicyEngine, TaskImage } from './describe.ts';
export type { ArtifactProgress } from './store/progress.ts';

export type ArtifactsInput = BundleProof & {
  readonly pins: Pins;
  readonly cacheDir: string;
  /** The `templates` folder, with `go/<module>/go.mod`. */
  readonly templatesDir: string;
  /** Also what enforces NetworkPolicies. */
  readonly policies?: boolean;
  /** A bundle has the small task image, too. */
  readonly taskImage?: TaskImageKind;
  /** Version of the wheel that a master gives to tasks, if not the pinned one. */
  readonly determinedVersion?: string;
  /** URL of a web server that serves a bundle, or release files below the names of their hosts. */
  readonly mirror?: Mirror;
  /** Whether the mirror's own word proves what nothing else does. */
  readonly trustMirror?: boolean;
  /** Folder that {@link writeBundle} wrote. Given one, nothing is downloaded. */
  readonly bundle?: string;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  readonly network?: Omit<NetworkOptions, 'mirror'>;
  /** Folders to search for this machine's own programs, if there is no apt. */
  readonly searchPath?: readonly string[];
  /** The platform of the artifacts, if not this machine's. */
  readonly machine?: Platform;
  /** Where root will run what is in the cache: who may have written it. Nothing is judged without. */
  readonly trusted?: Trusted;
  readonly report: OnProgress;
};

type Name = keyof Items['wanted'];

const everything = ['kubernetes', 'etcd', 'coredns', 'runtime', 'contourManifest', 'images'] as const;
const policyEngine = ['kubeRouter', 'ipset'] as const;

const ensureStored = async <N extends Name>(input: ArtifactsInput, names: readonly N[]) => {
  const { pins, bundle, report } = input;
  const machine = input.machine ?? (await detectPlatform());
  const { arch } = machine;
  const cacheDir = resolve(input.cacheDir);
  await verifyCacheOwners(cacheDir, input.trusted);
  const trust = makeTrust(pins.digests, input.trustMirror);
  const items = makeItems(pins, machine, { searchPath: systemPath, ...input }).wanted;
  const wanted = Object.fromEntries(names.map((name) => [name, items[name]])) as Pick<typeof items, N>;
  const found = await Promise.all(
    names.map(async (name) => [name, await findStored(cacheDir, items[name], trust)] as const),
  );
  const missing = found.flatMap(([name, stored]) => (stored ? [] : items[name]));
  if (missing.length > 0) {
    if (bundle) await verifyBundle(resolve(bundle), missing, input);
    return { wanted, arch, stored: await fillCache<N>(wanted, { ...input, cacheDir, arch, trust }) };
  }
  for (const { name, version } of Object.values<Item>(wanted)) report({ name, state: 'cached', detail: version });
  return { wanted, arch, stored: Object.fromEntries(found) as Pick<Stored, N> };
};

/** Ensures that all that a native node needs is in the cache, and returns the paths. */
export const ensureArtifacts = async (input: ArtifactsInput): Promise<Artifacts> => {
  if (!input.policies) {
    const { stored, arch } = await ensureStored(input, everything);
    return describeArtifacts(input.pins, arch, stored);
  }
  const { stored, arch } = await ensureStored(input, [...everything, ...policyEngine]);
  return { ...describeArtifacts(input.pins, arch, stored), policyEngine: describePolicyEngine(arch, stored) };
};

/** Ensures what the Gateway needs on a cluster whose node taskgate does not make. */
export const ensureGatewayArtifacts = async (input: ArtifactsInput): Promise<GatewayArtifacts> => {
  const { stored } = await ensureStored(input, ['contourManifest', 'images']);
  return describeGatewayArtifacts(input.pins, stored);
};

/** Ensures the image of the engine that enforces NetworkPolicies, for a node that taskgate does not make. */
export const ensurePolicyImages = async (input: ArtifactsInput): Promise<GatewayArtifacts['images']> => {
  const { stored } = await ensureStored(input, ['policyImages']);
  return describePolicyImages(input.pins, stored.policyImages);
};

const taskItemOf = ({ withJupyterlab }: TaskImageKind): TaskItem => (withJupyterlab ? 'notebookImage' : 'taskImage');

/** Ensures the small task image, which nothing else here asks for: assembling it takes minutes. */
export const ensureTaskImage = async (input: ArtifactsInput, kind: TaskImageKind): Promise<TaskImage> => {
  const name = taskItemOf(kind);
  const { stored } = await ensureStored<Name>(input, [name]);
  return describeTaskImage(input.pins, kind, stored[name]);
};

/** Ensures what an API server without a node needs, and Contour's manifest for it. */
export const ensureControlPlane = async (input: ArtifactsInput): Promise<ControlPlane> => {
  const { stored } = await ensureStored(input, ['kubernetes', 'etcd', 'contourManifest']);
  return describeControlPlane(input.pins, stored);
};

/** Ensures only Contour's manifest, for a cluster that pulls its images. */
export const ensureManifest = async (input: ArtifactsInput): Promise<GatewayArtifacts['contourManifest']> => {
  const { stored } = await ensureStored(input, ['contourManifest']);
  return describeManifest(input.pins, stored.contourManifest);
};

/**
 * Ensures the wheel of the package `determined`, which a master gives to its tasks: the pinned one, or that of `determinedVersion`, which is
 * proven by the digest that the package index names. Resolves with its path in the cache.
 */
export const ensureDeterminedWheel = async (input: ArtifactsInput): Promise<string> => {
  const { stored } = await ensureStored(input, ['determined']);
  return findWheelIn(stored.determined.dir);
};

/**
 * Writes all pinned artifacts into a folder from which {@link ensureArtifacts} works offline. Resolves with the bundle's digest
 * (`sha256:` and hex), by which another machine can verify it.
 */
export const writeBundle = async (
  input: ArtifactsInput & { readonly dir: string },
): Promise<{ readonly artifacts: Artifacts; readonly digest: string }> => {
  const names: readonly Name[] = [
    ...everything,
    'determined',
    ...(input.policies ? ([...policyEngine, 'policyImages'] as const) : []),
    ...(input.taskImage ? [taskItemOf(input.taskImage)] : []),
  ];
  const { wanted, stored, arch } = await ensureStored<Name>(input, names);
  const { dir, signal, report } = input;
  const entries = names.map((name) => [wanted[name], stored[name]] as const);
  const onItem = ({ name }: Item) => report({ name: 'bundle', state: 'building', detail: `copying ${name}` });
  const digest = await copyToBundle(resolve(dir), entries, { signal, onItem }).catch((error: unknown) => {
    throw bundleFailure(error, resolve(dir));
  });
  report({ name: 'bundle', state: 'done', detail: resolve(dir) });
  return { artifacts: describeArtifacts(input.pins, arch, stored), digest };
};
