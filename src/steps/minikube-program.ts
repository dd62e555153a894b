import { ensureMinikube } from '../artifacts/minikube.ts';
import { CommandError } from '../lib/runner.ts';
import { artifactsInput } from './artifacts-input.ts';
import type { CommandContext } from './context.ts';

const installed = 'minikube';

const isInstalled = async ({ runner }: CommandContext): Promise<boolean> => {
  try {
    await runner([installed, 'version'], { timeoutMs: 20_000 });
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === undefined) return false;
    throw error;
  }
};

/** The minikube on PATH; where there is none and the user wants it, the pinned one from the cache or its publisher. */
export const findMinikube = async (
  context: CommandContext,
  report: (line: string) => void = () => undefined,
): Promise<string> => {
  if (!context.config.installMinikube || (await isInstalled(context))) return installed;
  return ensureMinikube(artifactsInput(context, context.signal, report));
};
