import { type DisplayKind, showSteps } from './display.ts';
import { type RunStepsOptions, runSteps } from './run.ts';
import type { Step } from './step.ts';

type RunInput = Omit<RunStepsOptions, 'display'> & { readonly kind: DisplayKind };

/** Runs the steps of a command, and shows them on stderr until all is drawn. Tested in test/e2e/up-down.test.ts. */
export const runAndShow = async <C>(steps: readonly Step<C>[], context: C, input: RunInput): Promise<void> => {
  const { display, drawn } = showSteps(steps, input.kind);
  try {
    await runSteps(steps, context, { ...input, display });
  } finally {
    await drawn;
  }
};
