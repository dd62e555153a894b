import {
  type Artifacts,
  ensureArtifacts,
  ensureDeterminedWheel,
  ensurePolicyImages,
  ensureTaskImage,
  writeBundle,
} from '../../artifacts/artifacts.ts';
import { isRemote, remoteBundle } from '../../artifacts/origin-rules.ts';
import { measureCache } from '../../artifacts/store/usage.ts';
import { UserError } from '../../lib/errors.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import type { CommandContext } from '../../providers/context.ts';
import { makeResults } from '../../task-list/results.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { stepsOf } from '../../task-list/step.ts';
import { type CommandInput, displayKind, type Invocation, printJson, readConfig } from '../command.ts';
import { fetchStack } from '../master/programs.ts';
import { fetchWheel } from '../master-root/ensure.ts';

type PrefetchContext = CommandContext & {
  readonly bundleDir?: string;
  /** For every provider, not only for a native node. */
  readonly isComplete?: boolean;
};

/** Undefined: no bundle was asked for. */
type Written = { readonly bundleDigest: string } | undefined;

const prefetchStep = stepsOf<PrefetchContext>();

const describeCache = async (cacheDir: string): Promise<string> => {
  const { itemBytes, hasBuildCaches } = await measureCache(cacheDir);
  const more = hasBuildCaches ? '; an earlier build has left several times as much: taskgate cache prune' : '';
  return `${cacheDir}, ${(itemBytes / 1e9).toFixed(1)} GB${more}`;
};

const fillCacheStep = prefetchStep({
  title: 'Prepare programs and images',
  run: async (_, context, { signal, report, note }): Promise<Artifacts> => {
    const input = artifactsInput(context, signal, report);
    const artifacts = await ensureArtifacts(input);
    if (context.isComplete && input.policies) await ensurePolicyImages(input);
    if (input.taskImage) await ensureTaskImage(input, input.taskImage);
    note(await describeCache(context.folders.cacheDir));
    return artifacts;
  },
});

/** A complete run fails without it; before root takes over it is only told, since a master works without, too. */
const prepareWheel = prefetchStep({
  title: 'Prepare the wheel of determined',
  skip: (_, { isComplete, config }) =>
    !isComplete && config.master.root !== undefined && { because: '--master-root has one', value: undefined },
  run: async (_, context, { signal, report, note }): Promise<undefined> => {
    if (context.isComplete) return void (await ensureDeterminedWheel(artifactsInput(context, signal, report)));
    const why = await fetchWheel(context, { signal, report });
    if (why !== undefined) note(why);
  },
});

const prepareStack = prefetchStep({
  title: 'Prepare the programs of the master',
  skip: (_, { config }) => !config.withMaster && { because: 'not asked for; --with-master does', value: undefined },
  run: async (_, context, { signal, report }): Promise<undefined> =>
    void (await fetchStack(context, { signal, report })),
});

const copyToBundle = prefetchStep({
  title: 'Write the bundle',
  skip: (_, { bundleDir }) =>
    bundleDir === undefined && { because: 'not asked for; --bundle DIR writes one', value: undefined },
  run: async (_, context, { signal, report, note }): Promise<Written> => {
    const { bundleDir: dir = '' } = context;
    const { digest } = await writeBundle({ ...artifactsInput(context, signal, report), dir });
    note(`${dir}, for --bundle-digest ${digest}`);
    return { bundleDigest: digest };
  },
});

/** Fills the cache with what a native node needs, or with everything, and writes the bundle where one is wanted. */
export const fillCache = async (
  invocation: Invocation,
  context: PrefetchContext,
): Promise<Artifacts & { readonly bundleDigest?: string }> => {
  const results = makeResults();
  const options = { kind: displayKind(invocation), signal: context.signal, results };
  await runAndShow([fillCacheStep, prepareWheel, prepareStack, copyToBundle], context, options);
  return { ...results.get(fillCacheStep), ...results.find(copyToBundle) };
};

/** Fetches the programs of the master alone, where `up` runs one. */
export const fetchMaster = (invocation: Invocation, context: PrefetchContext): Promise<void> =>
  runAndShow([prepareStack], context, {
    ...{ kind: displayKind(invocation), signal: context.signal, results: makeResults() },
  });

/**
 * Prepares all that `up` needs from elsewhere. Here --bundle names the folder to write, not one to read.
 * Tested in test/process/artifacts.test.ts.
 */
export const prefetch = async (input: CommandInput): Promise<void> => {
  const { bundle, ...settings } = input.flags.settings;
  if (bundle !== undefined && isRemote(bundle)) {
    throw new UserError(`--bundle: bundle: ${remoteBundle.message}`, { id: 'usage.config', hint: remoteBundle.hint });
  }
  const { context } = await readConfig({ ...input, flags: { ...input.flags, settings } }, { isKept: false });
  const artifacts = await fillCache(input.invocation, {
    ...context,
    isComplete: true,
    ...(bundle && { bundleDir: bundle }),
  });
  if (input.flags.json) printJson(artifacts);
};
