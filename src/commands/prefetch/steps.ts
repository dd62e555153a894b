import { type Artifacts, ensureArtifacts, writeBundle } from '../../artifacts/artifacts.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import type { CommandContext } from '../../providers/context.ts';
import type { Step } from '../../task-list/step.ts';

export type PrefetchContext = CommandContext & {
  readonly bundleDir?: string;
  artifacts?: Artifacts;
};

const fillCache: Step<PrefetchContext> = {
  title: 'Prepare programs and images',
  run: async (context, { signal, report }) => {
    context.artifacts = await ensureArtifacts(artifactsInput(context, signal, report));
    return context.folders.cacheDir;
  },
};

const copyToBundle: Step<PrefetchContext> = {
  title: 'Write the bundle',
  skip: ({ bundleDir }) => bundleDir === undefined && 'not asked for; --bundle DIR writes one',
  run: async (context, { signal, report }) => {
    const { bundleDir: dir = '' } = context;
    await writeBundle({ ...artifactsInput(context, signal, report), dir });
    return dir;
  },
};

/** Everything that `up` needs from elsewhere, and nothing more. */
export const prefetchSteps: readonly Step<PrefetchContext>[] = [fillCache, copyToBundle];
