import type { Artifacts } from '../../artifacts/artifacts.ts';
import type { Config } from '../../config/config.ts';
import { makeResults } from '../../task-list/results.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { type CommandInput, contextOf, displayKind, print, readConfig } from '../command.ts';
import { fillCache as fillCacheStep, type PrefetchContext, prefetchSteps } from './steps.ts';

type Filled = { readonly context: PrefetchContext; readonly artifacts: Artifacts };

/** Fills the cache, and writes the bundle where one is wanted. */
export const fillCache = async (input: CommandInput, config: Config, bundleDir?: string): Promise<Filled> => {
  const context: PrefetchContext = { ...contextOf(config, input), ...(bundleDir && { bundleDir }) };
  const results = makeResults();
  await runAndShow(prefetchSteps, context, { kind: displayKind(input.invocation), signal: context.signal, results });
  return { context, artifacts: results.get(fillCacheStep) };
};

/**
 * Prepares all that `up` needs from elsewhere. Here --bundle names the folder to write, not one to read.
 * Tested in test/process/artifacts.test.ts.
 */
export const prefetch = async (input: CommandInput): Promise<void> => {
  const { bundle, ...settings } = input.flags.settings;
  const { config } = await readConfig({ ...input, flags: { ...input.flags, settings } });
  const { artifacts } = await fillCache(input, config, bundle);
  if (input.flags.json) print(JSON.stringify(artifacts, null, 2));
};
