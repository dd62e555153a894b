import { join } from 'node:path';
import { ensureDeterminedWheel } from '../../artifacts/artifacts.ts';
import { pins } from '../../config/versions.ts';
import type { Instance } from '../../instance/instance.ts';
import { fillMasterRoot, lookAtRoot, wheelsOf } from '../../instance/master-root.ts';
import { instancePaths } from '../../instance/paths.ts';
import { UserError } from '../../lib/errors.ts';
import { sha256OfFile } from '../../lib/files.ts';
import type { Report } from '../../lib/progress.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import type { CommandContext } from '../../providers/context.ts';
import { type ChosenRoot, chooseRoot } from './choose.ts';
import { findRootTrouble, type RootTrouble } from './judge.ts';

/** pip takes two seconds; an index that does not answer would keep it for minutes. */
const wheelTimeoutMs = 60_000;

/** A root for a master. */
export type MasterRoot = {
  /** Absolute. */
  readonly path: string;
  readonly from: ChosenRoot['from'];
  /** Why it gives no wheel of the wanted version to tasks, and what to do. */
  readonly trouble?: RootTrouble;
};

type Tools = { readonly signal: AbortSignal; readonly report: Report };

/** The version of a master that nobody has named. */
export const pinnedVersion: string = pins.determined.version;

/** Whether the root has the wheel already, the pinned one byte by byte: then no cache and no network is needed. */
const hasWheel = async (root: string, version: string): Promise<boolean> => {
  const name = (await lookAtRoot(root)).found?.wheels.find((one) => one.startsWith(`determined-${version}-`));
  if (name === undefined) return false;
  return version !== pinnedVersion || (await sha256OfFile(join(wheelsOf(root), name))) === pins.determined.sha256;
};

const findWheel = async (context: CommandContext, version: string, { signal, report }: Tools): Promise<string> => {
  const timeout = AbortSignal.timeout(wheelTimeoutMs);
  try {
    return await ensureDeterminedWheel(artifactsInput(context, AbortSignal.any([signal, timeout]), report));
  } catch (error) {
    if (signal.aborted || !timeout.aborted) throw error;
    throw new UserError(`the wheel determined ${version} was not had within ${wheelTimeoutMs / 1_000} s`, {
      id: 'artifact.unavailable',
      hint: 'check `pip config list`, or give --mirror or --bundle',
    });
  }
};

/**
 * Has the wheel in the cache beforehand: what root fetched would be root's there. Gives why it cannot be had, which stops
 * nothing: {@link ensureMasterRoot} tells it again.
 */
export const fetchWheel = async (context: CommandContext, tools: Tools): Promise<string | undefined> => {
  try {
    await findWheel(context, context.config.master.version ?? pinnedVersion, tools);
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || tools.signal.aborted) throw error;
    return error.message;
  }
};

const fillOwn = async (
  context: CommandContext,
  { path, staticDir }: { readonly path: string; readonly staticDir: string | undefined },
  tools: Tools,
): Promise<MasterRoot> => {
  const version = context.config.master.version ?? pinnedVersion;
  await fillMasterRoot(path, staticDir === undefined ? {} : { staticDir });
  if (await hasWheel(path, version)) return { path, from: 'instance' };
  try {
    await fillMasterRoot(path, { wheel: await findWheel(context, version, tools) });
    return { path, from: 'instance' };
  } catch (error) {
    // a master works without it, for images that have the package
    if (!(error instanceof UserError) || tools.signal.aborted) throw error;
    const message = `no wheel of determined ${version}, without which tasks whose image lacks the package do not start: ${error.message}`;
    return { path, from: 'instance', trouble: { message, hint: error.hint ?? '' } };
  }
};

/**
 * Ensures a root for a master of an instance: a folder with `static` and with `wheels/determined-VERSION-*.whl` of `master.version`,
 * without that setting of the pinned version. What is complete elsewhere is only named (see {@link chooseRoot}); else it is the
 * instance's own folder, whose wheel comes from cache, bundle, mirror or PyPI. Changes nothing but that folder; safe to repeat.
 * Throws what the file system says; a wheel that cannot be had is `trouble`.
 */
export const ensureMasterRoot = async (
  context: CommandContext,
  instance: Pick<Instance, 'dir' | 'record'>,
  tools: Tools,
): Promise<MasterRoot> => {
  const own = instancePaths(instance.dir).masterRootDir;
  const chosen = await chooseRoot({ ...context, recorded: instance.record().masterRoot, own });
  if (chosen.from === 'instance') return fillOwn(context, { path: own, staticDir: chosen.staticDir }, tools);
  // what was found is complete; what the user names may be for another machine
  const trouble = chosen.from === 'setting' && (await findRootTrouble(chosen.path, context.config.master.version));
  return { ...chosen, ...(trouble && { trouble }) };
};
