import type { CommandContext } from '../../providers/context.ts';
import { stepsOf } from '../../task-list/step.ts';

/** What every step of `up` knows. */
export type UpContext = CommandContext & { readonly startedAt: Date };

export const upStep = stepsOf<UpContext>();
