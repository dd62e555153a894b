import { ensureMinikube } from '../artifacts/sources/minikube.ts';
import { verifyCacheOwners } from '../artifacts/store/owners.ts';
import { findInstance } from '../instance/instance.ts';
import { CommandError } from '../lib/process/runner.ts';
import type { Report } from '../lib/progress.ts';
import { trustedByRoot } from '../lib/trust/users.ts';
import { artifactsInput } from './artifacts-input.ts';
import type { CommandContext } from './context.ts';

const installed = 'minikube';

const isInstalled = async ({ runner }: CommandContext): Promise<boolean> => {
  try {
    await runner([installed, 'version'], { timeoutMs: 20_000 });
    return true;
  } catch (error) {
    // one that is there and fails is an obstacle, which is found later
    if (error instanceof CommandError) return error.exitCode !== undefined;
    throw error;
  }
};

/** Whether the instance was made with the pinned one: it stays with it, also where nobody asks for it again. */
const hasPinned = async ({ config, folders }: CommandContext): Promise<boolean> =>
  (await findInstance(folders.stateDir, config.name))?.record().minikube?.program !== undefined;

/**
 * The minikube on PATH; where there is none and the user wants it, or wanted it when the instance was made, the pinned
 * one from the cache or its publisher.
 */
export const findMinikube = async (context: CommandContext, report: Report = () => undefined): Promise<string> => {
  const isPinned = await hasPinned(context);
  if (!isPinned && (!context.config.installMinikube || (await isInstalled(context)))) return installed;
  await verifyCacheOwners(context.folders.cacheDir, trustedByRoot(context.env));
  return ensureMinikube(artifactsInput(context, context.signal, report));
};
