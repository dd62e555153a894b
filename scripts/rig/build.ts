import { join } from 'node:path';
import { type Artifacts, ensureArtifacts, ensurePolicyImages } from '../../src/artifacts/artifacts.ts';
import type { Item } from '../../src/artifacts/item.ts';
import { detectPlatform } from '../../src/artifacts/platform.ts';
import { findStored } from '../../src/artifacts/store/cache.ts';
import { fillCache } from '../../src/artifacts/store/ensure.ts';
import { noPins } from '../../src/artifacts/store/trust.ts';
import { xdgDirs } from '../../src/config/load.ts';
import { pins } from '../../src/config/versions.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';
import type { Arch } from '../../src/model/pins.ts';
import { makeRigItems } from './items.ts';
import { makeReport, type Say } from './progress.ts';

/** Where everything lies that a private Docker and a Minikube node need. */
export type Rig = {
  readonly arch: Arch;
  readonly artifacts: Artifacts;
  readonly cacheDir: string;
  readonly templatesDir: string;
  readonly hostPackagesDir: string;
  readonly minikubeDir: string;
  /** kind, and below `node/` what its node image is built from. */
  readonly kindDir: string;
  readonly nodeImage: { readonly dir: string; readonly key: string };
};

/** Takes the cache's lock only when something is missing, so that runs do not wait for another one's building. */
export const ensureItems: typeof fillCache = async (wanted, filling) => {
  const items = Object.entries<Item>(wanted);
  const found = await Promise.all(items.map(([, item]) => findStored(filling.cacheDir, item, noPins)));
  if (!found.every((stored) => stored !== undefined)) return fillCache(wanted, filling);
  return Object.fromEntries(items.map(([name], index) => [name, found[index]])) as Awaited<
    ReturnType<typeof fillCache<keyof typeof wanted>>
  >;
};

const templatesDir = join(import.meta.dirname, '..', '..', 'templates');

/** Makes sure that all parts are in the caches: taskgate's own, and beside it the rig's. */
export const buildRig = async (
  env: Readonly<Record<string, string | undefined>>,
  say: Say,
  signal: AbortSignal,
): Promise<Rig> => {
  const { cacheDir } = xdgDirs(env);
  const rigCacheDir = `${cacheDir}-rig`;
  const shared = { templatesDir, runner: execaRunner, signal, network: { proxyEnv: env }, report: makeReport(say) };
  const artifacts = await ensureArtifacts({ ...shared, pins, cacheDir });
  // inside there is no network to get it from
  await ensurePolicyImages({ ...shared, pins, cacheDir });
  const machine = await detectPlatform();
  const rigTemplatesDir = join(templatesDir, 'rig');
  const items = await makeRigItems(artifacts, machine, rigTemplatesDir);
  const stored = await ensureItems(items, { ...shared, cacheDir: rigCacheDir, arch: machine.arch });
  return {
    arch: machine.arch,
    artifacts,
    cacheDir: rigCacheDir,
    templatesDir: rigTemplatesDir,
    hostPackagesDir: stored.hostPackages.dir,
    minikubeDir: stored.minikube.dir,
    kindDir: stored.kind.dir,
    nodeImage: stored.nodeImage,
  };
};
