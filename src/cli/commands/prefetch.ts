import { type PrefetchContext, prefetchSteps } from '../../steps/prefetch.ts';
import { type CommandInput, contextOf, displayKind, print, readConfig } from '../command.ts';
import { runAndShow } from '../run-steps.ts';

/** Fills the cache with all that `up` needs. Here --bundle names the folder to write, not one to read. */
export const prefetch = async (input: CommandInput): Promise<void> => {
  const { bundle, ...settings } = input.flags.settings;
  const { config } = await readConfig({ ...input, flags: { ...input.flags, settings } });
  const context: PrefetchContext = { ...contextOf(config, input), ...(bundle && { bundleDir: bundle }) };
  const options = { kind: displayKind(input.invocation), signal: context.signal };
  await runAndShow(prefetchSteps, context, options);
  if (input.flags.json) print(JSON.stringify(context.artifacts, null, 2));
};
