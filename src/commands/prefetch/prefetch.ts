import { type Artifacts, ensureArtifacts, writeBundle } from '../../artifacts/artifacts.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import type { CommandContext } from '../../providers/context.ts';
import { makeResults } from '../../task-list/results.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { stepsOf } from '../../task-list/step.ts';
import { type CommandInput, displayKind, type Invocation, printJson, readConfig } from '../command.ts';

type PrefetchContext = CommandContext & { readonly bundleDir?: string };

const prefetchStep = stepsOf<PrefetchContext>();

const fillCacheStep = prefetchStep({
  title: 'Prepare programs and images',
  run: async (_, context, { signal, report, note }): Promise<Artifacts> => {
    const artifacts = await ensureArtifacts(artifactsInput(context, signal, report));
    note(context.folders.cacheDir);
    return artifacts;
  },
});

const copyToBundle = prefetchStep({
  title: 'Write the bundle',
  skip: (_, { bundleDir }) => bundleDir === undefined && 'not asked for; --bundle DIR writes one',
  run: async (_, context, { signal, report, note }): Promise<undefined> => {
    const { bundleDir: dir = '' } = context;
    await writeBundle({ ...artifactsInput(context, signal, report), dir });
    note(dir);
  },
});

/** Fills the cache, and writes the bundle where one is wanted. */
export const fillCache = async (
  invocation: Invocation,
  context: CommandContext,
  bundleDir?: string,
): Promise<Artifacts> => {
  const results = makeResults();
  const options = { kind: displayKind(invocation), signal: context.signal, results };
  await runAndShow([fillCacheStep, copyToBundle], { ...context, ...(bundleDir && { bundleDir }) }, options);
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
