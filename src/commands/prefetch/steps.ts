import { type Artifacts, ensureArtifacts, writeBundle } from '../../artifacts/artifacts.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import type { CommandContext } from '../../providers/context.ts';
import { type Step, stepsOf } from '../../task-list/step.ts';

export type PrefetchContext = CommandContext & { readonly bundleDir?: string };

const prefetchStep = stepsOf<PrefetchContext>();

export const fillCache = prefetchStep({
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

/** Everything that `up` needs from elsewhere, and nothing more. Tested in test/process/artifacts.test.ts. */
export const prefetchSteps: readonly Step<PrefetchContext>[] = [fillCache, copyToBundle];
