// Tested in test/commands/down/steps.test.ts
import { UserError } from '../../lib/errors.ts';
import type { CommandContext } from '../../providers/context.ts';
import { type StepTools, stepsOf } from '../../task-list/step.ts';

export type DownContext = CommandContext & {
  readonly purgeCache: boolean;
  /** What cannot be removed is named and forgotten. */
  readonly force: boolean;
  /** How long to wait for the end of a master's tasks. */
  readonly waitForTasksSeconds?: number | undefined;
  /** Keeps this one's network unreachable no longer, nor those of instances of this state folder that are gone. */
  readonly forgetRoutes?: boolean;
};

export const downStep = stepsOf<DownContext>();

/** With `force`, a failure becomes a warning of what is left, and the next step is taken. */
export const unlessForced = async (
  { force }: DownContext,
  { signal, note, warn, what }: Pick<StepTools, 'signal' | 'note' | 'warn'> & { readonly what: string },
  work: () => Promise<undefined>,
): Promise<undefined> => {
  try {
    return await work();
  } catch (error) {
    if (!force || signal.aborted || !(error instanceof UserError)) throw error;
    warn(`left: ${what} (${error.message})`);
    return note('forgotten');
  }
};
