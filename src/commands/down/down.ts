import { withInstanceLock } from '../../instance/lock.ts';
import type { Stage } from '../../model/stage.ts';
import { findProvider } from '../../providers/choose.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { type CommandInput, contextOf, displayKind, print, readConfig } from '../command.ts';
import { asRoot, handOver } from '../sudo.ts';
import { downSteps, verifyCacheUnused } from './steps.ts';

export type DownFlags = { readonly purgeCache: boolean };

/** Takes an instance away; safe to repeat. Gives the exit code. Throws UserError before anything is changed. */
export const down = async (input: CommandInput, { purgeCache }: DownFlags): Promise<number> => {
  const { config } = await readConfig(input);
  const context = { ...contextOf(config, input), purgeCache, notes: [] };
  await verifyCacheUnused(context);
  const stages: Stage[] = [];
  const onStage = (stage: Stage) => stages.push(stage);
  const options = { kind: displayKind(input.invocation), signal: context.signal, onStage };
  const work = async () => {
    await withInstanceLock(context, () => runAndShow(downSteps, context, options));
    await handOver(input.invocation.env, context);
    for (const note of context.notes) process.stderr.write(`note: ${note}\n`);
    if (input.flags.json) print(JSON.stringify({ instance: config.name, stages, notes: context.notes }, null, 2));
  };
  // a folder without a record may be root's
  const provider = (await findProvider(context)) ?? 'native';
  if (provider === 'native') return asRoot(input.invocation, { prepare: async () => undefined, work });
  await work();
  return 0;
};
