import type { Artifacts } from '../../artifacts/artifacts.ts';
import type { CommandContext } from '../../providers/context.ts';
import { makeResults } from '../../task-list/results.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { type CommandInput, displayKind, type Invocation, printJson, readConfig } from '../command.ts';
import { fillCache as fillCacheStep, prefetchSteps } from './steps.ts';

/** Fills the cache, and writes the bundle where one is wanted. */
export const fillCache = async (
  invocation: Invocation,
  context: CommandContext,
  bundleDir?: string,
): Promise<Artifacts> => {
  const results = makeResults();
  const options = { kind: displayKind(invocation), signal: context.signal, results };
  await runAndShow(prefetchSteps, { ...context, ...(bundleDir && { bundleDir }) }, options);
  return results.get(fillCacheStep);
};

/**
 * Prepares all that `up` needs from elsewhere. Here --bundle names the folder to write, not one to read.
 * Tested in test/process/artifacts.test.ts.
 */
export const prefetch = async (input: CommandInput): Promise<void> => {
  const { bundle, ...settings } = input.flags.settings;
  const { context } = await readConfig({ ...input, flags: { ...input.flags, settings } });
  const artifacts = await fillCache(input.invocation, context, bundle);
  if (input.flags.json) printJson(artifacts);
};
