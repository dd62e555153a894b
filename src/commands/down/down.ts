import { join } from 'node:path';
import { linkName } from '../../cluster/native/link.ts';
import { hasBlock } from '../../instance/blocked.ts';
import { setDamagedRecordAside } from '../../instance/instance.ts';
import { withInstanceLock } from '../../instance/lock.ts';
import { instanceDirOf } from '../../instance/paths.ts';
import { UserError } from '../../lib/errors.ts';
import { isThere } from '../../lib/files.ts';
import type { Stage } from '../../model/stage.ts';
import { findProvider } from '../../providers/choose.ts';
import type { CommandContext } from '../../providers/context.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { type CommandInput, displayKind, printJson, printNote, readMade } from '../command.ts';
import { parseDurationSeconds } from '../duration.ts';
import { noInstance } from '../open-instance.ts';
import { asRoot } from '../sudo.ts';
import type { DownContext } from './context.ts';
import { downSteps, verifyCacheUnused } from './steps.ts';

/** `--force` alone looks past a record that cannot be read. */
const findDamage = async ({ folders, config, force }: DownContext): Promise<string | undefined> =>
  force ? setDamagedRecordAside(folders.stateDir, config.name) : undefined;

export type DownFlags = Pick<DownContext, 'purgeCache' | 'force' | 'forgetRoutes'> & {
  readonly ifExists: boolean;
  /** A duration, such as `20m`. */
  readonly waitForTasks?: string;
};

/** A folder without a record is there, too, and so is a native node whose folder is gone, or a route that it has left. */
const isAnything = async ({ config, folders }: CommandContext, forgetsRoutes: boolean): Promise<boolean> => {
  const dir = instanceDirOf(folders.stateDir, config.name);
  if ((await isThere(dir)) || (await isThere(join('/sys/class/net', linkName(dir))))) return true;
  return forgetsRoutes && hasBlock(dir);
};

/** The usual hint is the command that would make what is to be removed. */
const nothingToRemove = async (context: CommandContext): Promise<UserError> => {
  const { message, id } = await noInstance(context);
  return new UserError(message, { id, hint: 'name one that is there, or accept that it is gone: --if-exists' });
};

/**
 * Takes an instance away; safe to repeat. Gives the exit code. Throws UserError before anything is changed:
 * `environment.no-instance` for a name of the command line that there is not, unless `ifExists`.
 * Tested in test/process/no-instance.test.ts.
 */
export const down = async (input: CommandInput, { ifExists, waitForTasks, ...options }: DownFlags): Promise<number> => {
  const waitForTasksSeconds =
    waitForTasks === undefined ? undefined : parseDurationSeconds(waitForTasks, '--wait-for-tasks');
  const { config, context: loaded } = await readMade(input);
  // whoever types a name means one that is there
  const mustBeThere = input.flags.settings['name'] !== undefined && !ifExists && !options.force;
  if (mustBeThere && !(await isAnything(loaded, options.forgetRoutes === true))) throw await nothingToRemove(loaded);
  const context = { ...loaded, ...options, waitForTasksSeconds };
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
    try {
      await withInstanceLock(context, () => runAndShow(downSteps, context, display), display.onWarning);
    } finally {
      // also of a failed one: what is left is named
      for (const note of notes) printNote(note);
    }
    if (input.flags.json) printJson({ instance: config.name, stages, notes });
  };
  // a folder without a record may be root's
  const provider = (await findProvider(context)) ?? 'native';
  return asRoot(input.invocation, { provider, work });
};
