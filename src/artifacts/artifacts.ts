import { mkdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Runner } from '../lib/runner.ts';
import { findStored, scratchDir } from './cache.ts';
import { makeEnsure, type Shared } from './ensure.ts';
import { cacheFailure } from './failure.ts';
import { archiveName } from './images.ts';
import type { Item, StoredItem } from './item.ts';
import { type Items, makeItems } from './items.ts';
import { withLock } from './lock.ts';
import { detectMachine } from './machine.ts';
import type { Arch, Pins } from './pins.ts';
import type { Report } from './progress.ts';
import { cniPluginsPath, debianEnvironment, type RuntimeProgram, runtimePaths } from './runtime.ts';
import { makeSlots } from './slots.ts';

export type { ArtifactProgress } from './progress.ts';

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

/** Everything that a native node and its Gateway are made of, as absolute paths. */
export type Artifacts = {
  readonly binaries: Readonly<Record<BinaryName, string>>;
  /** Holds ptp, host-local, loopback and portmap. */
  readonly cniPluginsDir: string;
  /** Folders for the front of PATH of the node's processes. */
  readonly path: readonly string[];
  /** For the node's processes, so that they find their own libraries. */
  readonly env: Readonly<Record<string, string>>;
  readonly images: { readonly archive: string; readonly refs: readonly string[] };
  readonly contourManifest: { readonly path: string; readonly sha256: string };
};

export type ArtifactsInput = {
  readonly pins: Pins;
  readonly cacheDir: string;
  /** Our `templates` folder, with `go/<module>/go.mod`. */
  readonly templatesDir: string;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  /** How many packages the go command compiles side by side; as many as the machine has cores unless given. */
  readonly cores?: number;
  readonly report: Report;
};

type Stored = Readonly<Record<keyof Items['wanted'], StoredItem>>;

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

const describeArtifacts = (pins: Pins, arch: Arch, stored: Stored): Artifacts => {
  const { kubernetes, etcd, coredns, runtime, contourManifest, images } = stored;
  return {
    binaries: {
      ...pathsIn(kubernetes.dir, kubernetesPaths),
      ...pathsIn(runtime.dir, runtimePaths),
      etcd: join(etcd.dir, 'etcd'),
      coredns: join(coredns.dir, 'coredns'),
    },
    cniPluginsDir: join(runtime.dir, cniPluginsPath),
    path: ['usr/sbin', 'usr/bin'].map((path) => join(runtime.dir, path)),
    env: runtime.source === 'host' ? {} : debianEnvironment(runtime.dir, arch),
    images: { archive: join(images.dir, archiveName), refs: pins.images.map(({ ref }) => ref) },
    contourManifest: {
      path: join(contourManifest.dir, basename(pins.contourManifest.go.path)),
      sha256: pins.contourManifest.sha256,
    },
  };
};

const mapItems = async (wanted: Items['wanted'], work: (item: Item) => Promise<StoredItem>): Promise<Stored> =>
  Object.fromEntries(
    await Promise.all(Object.entries(wanted).map(async ([name, item]) => [name, await work(item)] as const)),
  ) as Stored;

/** Ends the others when one fails, and waits for them, so that nothing still writes when the lock is given back. */
const fetchAll = async (items: Items, shared: Shared): Promise<Stored> => {
  const failed = new AbortController();
  const signal = AbortSignal.any([shared.signal, failed.signal]);
  const ensure = makeEnsure({ ...shared, signal });
  const begun = Object.values(items.wanted).map((item) =>
    ensure(item).catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(begun);
  shared.signal.throwIfAborted();
  failed.signal.throwIfAborted();
  return mapItems(items.wanted, ensure);
};

const fillCache = async (items: Items, shared: Shared): Promise<Stored> => {
  const onWait = (pid: number) =>
    shared.report({ name: 'cache', state: 'waiting', detail: `process ${pid} to finish filling ${shared.cacheDir}` });
  try {
    return await withLock(join(shared.cacheDir, 'lock'), { signal: shared.signal, onWait }, async () => {
      await rm(scratchDir(shared.cacheDir), { recursive: true, force: true });
      await mkdir(scratchDir(shared.cacheDir), { recursive: true });
      return fetchAll(items, shared);
    });
  } catch (error) {
    throw cacheFailure(error, shared.cacheDir);
  }
};

const findAll = async (items: Items, { cacheDir, report }: ArtifactsInput): Promise<Stored | undefined> => {
  const found = await Promise.all(Object.values(items.wanted).map((item) => findStored(cacheDir, item.key)));
  if (found.includes(undefined)) return undefined;
  for (const { name, version } of Object.values(items.wanted)) report({ name, state: 'cached', detail: version });
  return mapItems(items.wanted, async ({ key }) => found.find((item) => item?.key === key) as StoredItem);
};

/** Makes sure that everything pinned lies in the cache, and tells where. */
export const ensureArtifacts = async (input: ArtifactsInput): Promise<Artifacts> => {
  const cacheDir = resolve(input.cacheDir);
  const machine = await detectMachine();
  const items = makeItems(input.pins, machine);
  const found = await findAll(items, { ...input, cacheDir });
  const shared = { ...input, cacheDir, arch: machine.arch, buildSlots: makeSlots(1) };
  return describeArtifacts(input.pins, machine.arch, found ?? (await fillCache(items, shared)));
};
