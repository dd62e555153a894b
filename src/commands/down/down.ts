import { handOver } from '../../instance/hand-over.ts';
import { withInstanceLock } from '../../instance/lock.ts';
import type { Stage } from '../../model/stage.ts';
import { findProvider } from '../../providers/choose.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { type CommandInput, displayKind, printJson, printNote, readConfig } from '../command.ts';
import { asRoot } from '../sudo.ts';
import { downSteps, verifyCacheUnused } from './steps.ts';

/**
 * Takes an instance away; safe to repeat. Gives the exit code. Throws UserError before anything is changed.
 * Tested in test/process/no-instance.test.ts.
 */
export const down = async (input: CommandInput, { purgeCache }: { readonly purgeCache: boolean }): Promise<number> => {
  const { config, context: loaded } = await readConfig(input);
  const context = { ...loaded, purgeCache };
  await verifyCacheUnused(context);
  const stages: Stage[] = [];
  const notes: string[] = [];
  const options = {
    ...{ kind: displayKind(input.invocation), signal: context.signal },
    onStage: (stage: Stage) => stages.push(stage),
    onWarning: (text: string) => notes.push(text),
  };
  const work = async () => {
    await withInstanceLock(context, () => runAndShow(downSteps, context, options));
    await handOver(input.invocation.env, context);
    for (const note of notes) printNote(note);
    if (input.flags.json) printJson({ instance: config.name, stages, notes });
  };
  // a folder without a record may be root's
  const provider = (await findProvider(context)) ?? 'native';
  return asRoot(input.invocation, { provider, work });
};
