import { resolve } from 'node:path';
import type { Runner } from '../lib/runner.ts';
import { verifyBundle } from './bundle-index.ts';
import { copyToBundle } from './bundle-writer.ts';
import { findStored } from './cache.ts';
import { type Artifacts, describeArtifacts, type Stored } from './describe.ts';
import { fillCache } from './ensure.ts';
import { bundleFailure } from './failure.ts';
import { type Items, makeItems } from './items.ts';
import { detectMachine, type Machine } from './machine.ts';
import type { NetworkOptions } from './network.ts';
import type { Pins } from './pins.ts';
import type { Report } from './progress.ts';

export type { Artifacts, BinaryName } from './describe.ts';
export type { Pins } from './pins.ts';
export type { ArtifactProgress } from './progress.ts';

export type ArtifactsInput = {
  readonly pins: Pins;
  readonly cacheDir: string;
  /** Our `templates` folder, with `go/<module>/go.mod`. */
  readonly templatesDir: string;
  /** URL of a web server that serves a bundle, or release files below the names of their hosts. */
  readonly mirror?: string;
  /** Folder that {@link writeBundle} wrote. With it, nothing is asked of the network. */
  readonly bundle?: string;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  /** How many packages the go command compiles side by side; as many as the machine has cores unless given. */
  readonly cores?: number;
  readonly network?: NetworkOptions;
  /** Folders in which this machine's own programs are looked for, if there is no apt. */
  readonly searchPath?: readonly string[];
  /** What to choose for, if not for the machine that this runs on. */
  readonly machine?: Machine;
  readonly report: Report;
};

const usualPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const names = (items: Items) => Object.keys(items.wanted) as readonly (keyof Items['wanted'])[];

const findAll = async (items: Items, cacheDir: string) => {
  const found = await Promise.all(
    names(items).map(async (name) => [name, await findStored(cacheDir, items.wanted[name].key)] as const),
  );
  return {
    found: Object.fromEntries(found) as Stored,
    missing: found.flatMap(([name, stored]) => (stored ? [] : [items.wanted[name]])),
  };
};

const tellCached = (items: Items, report: Report): void => {
  for (const { name, version } of Object.values(items.wanted)) report({ name, state: 'cached', detail: version });
};

const ensureStored = async (input: ArtifactsInput) => {
  const machine = input.machine ?? (await detectMachine());
  const cacheDir = resolve(input.cacheDir);
  const items = makeItems(input.pins, machine, { searchPath: usualPath, ...input });
  const { found, missing } = await findAll(items, cacheDir);
  if (missing.length > 0 && input.bundle) await verifyBundle(resolve(input.bundle), missing);
  const stored = missing.length > 0 ? await fillCache(items.wanted, { ...input, cacheDir, arch: machine.arch }) : found;
  if (missing.length === 0) tellCached(items, input.report);
  return { items, stored, artifacts: describeArtifacts(input.pins, machine.arch, stored) };
};

/** Makes sure that everything pinned lies in the cache, and tells where. */
export const ensureArtifacts = async (input: ArtifactsInput): Promise<Artifacts> =>
  (await ensureStored(input)).artifacts;

/** Writes everything pinned into a folder, from which {@link ensureArtifacts} works without a network. */
export const writeBundle = async (input: ArtifactsInput & { readonly dir: string }): Promise<Artifacts> => {
  const { items, stored, artifacts } = await ensureStored(input);
  const { dir, signal, report } = input;
  const entries = names(items).map((name) => [items.wanted[name], stored[name]] as const);
  const tell = (detail: string) => report({ name: 'bundle', state: 'building', detail });
  try {
    await copyToBundle(resolve(dir), entries, { signal, onItem: ({ name }) => tell(`copying ${name}`) });
  } catch (error) {
    throw bundleFailure(error, resolve(dir));
  }
  report({ name: 'bundle', state: 'done', detail: resolve(dir) });
  return artifacts;
};
