import { handOver } from '../../instance/hand-over.ts';
import { withInstanceLock } from '../../instance/lock.ts';
import type { Stage } from '../../model/stage.ts';
import { findProvider } from '../../providers/choose.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { type CommandInput, contextOf, displayKind, print, readConfig } from '../command.ts';
import { asRoot } from '../sudo.ts';
import { downSteps, verifyCacheUnused } from './steps.ts';

export type DownFlags = { readonly purgeCache: boolean };

/**
 * Takes an instance away; safe to repeat. Gives the exit code. Throws UserError before anything is changed.
 * Tested in test/process/no-instance.test.ts.
 */
export const down = async (input: CommandInput, { purgeCache }: DownFlags): Promise<number> => {
  const { config } = await readConfig(input);
  const context = { ...contextOf(config, input), purgeCache };
  await verifyCacheUnused(context);
  const stages: Stage[] = [];
  const notes: string[] = [];
  const onStage = (stage: Stage) => stages.push(stage);
  const onWarning = (text: string) => notes.push(text);
  const options = { kind: displayKind(input.invocation), signal: context.signal, onStage, onWarning };
  const work = async () => {
    await withInstanceLock(context, () => runAndShow(downSteps, context, options));
    await handOver(input.invocation.env, context);
    for (const note of notes) process.stderr.write(`note: ${note}\n`);
    if (input.flags.json) print(JSON.stringify({ instance: config.name, stages, notes }, null, 2));
  };
  // a folder without a record may be root's
  const provider = (await findProvider(context)) ?? 'native';
  if (provider === 'native') return asRoot(input.invocation, { prepare: async () => undefined, work });
  await work();
  return 0;
};
