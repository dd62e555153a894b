import { handOver } from '../../instance/hand-over.ts';
import { setDamagedRecordAside } from '../../instance/instance.ts';
import { withInstanceLock } from '../../instance/lock.ts';
import type { Stage } from '../../model/stage.ts';
import { findProvider } from '../../providers/choose.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { type CommandInput, displayKind, printJson, printNote, readMade } from '../command.ts';
import { asRoot } from '../sudo.ts';
import { type DownContext, downSteps, verifyCacheUnused } from './steps.ts';

type DownOptions = Pick<DownContext, 'purgeCache' | 'force'>;

/** `--force` alone looks past a record that cannot be read. */
const findDamage = async ({ folders, config, force }: DownContext): Promise<string | undefined> =>
  force ? setDamagedRecordAside(folders.stateDir, config.name) : undefined;

/**
 * Takes an instance away; safe to repeat. Gives the exit code. Throws UserError before anything is changed.
 * Tested in test/process/no-instance.test.ts.
 */
export const down = async (input: CommandInput, options: DownOptions): Promise<number> => {
  const { config, context: loaded } = await readMade(input);
  const context = { ...loaded, ...options };
  await verifyCacheUnused(context);
  const damage = await findDamage(context);
  const stages: Stage[] = [];
  const notes: string[] = damage ? [`${damage}: only what has the instance's name was looked for`] : [];
  const display = {
    ...{ kind: displayKind(input.invocation), signal: context.signal },
    onStage: (stage: Stage) => stages.push(stage),
    onWarning: (text: string) => notes.push(text),
  };
  const work = async () => {
    await withInstanceLock(context, () => runAndShow(downSteps, context, display));
    await handOver(input.invocation.env, context);
    for (const note of notes) printNote(note);
    if (input.flags.json) printJson({ instance: config.name, stages, notes });
  };
  // a folder without a record may be root's
  const provider = (await findProvider(context)) ?? 'native';
  return asRoot(input.invocation, { provider, work });
};
