import { type DisplayKind, describeStage, type Shown, showSteps } from './display.ts';
import { logGroups } from './github-groups.ts';
import { type RunStepsOptions, runSteps } from './run.ts';
import type { Step } from './step.ts';

/** `groups`: folded below a line for each step, for the log of a GitHub job. */
export type OutputKind = DisplayKind | 'groups';

type RunInput = Omit<RunStepsOptions, 'display'> & { readonly kind: OutputKind };

const show = <C>(steps: readonly Step<C>[], kind: OutputKind): Shown => {
  if (kind !== 'groups') return showSteps(steps, kind);
  const write = (text: string) => void process.stderr.write(text);
  return { display: logGroups({ write, describe: describeStage }), drawn: Promise.resolve() };
};

/**
 * Runs the steps of a command and shows them on stderr; done when the display is drawn.
 * Tested in test/e2e/up-down.test.ts.
 */
export const runAndShow = async <C>(steps: readonly Step<C>[], context: C, input: RunInput): Promise<void> => {
  const { display, drawn } = show(steps, input.kind);
  try {
    await runSteps(steps, context, { ...input, display });
  } finally {
    await drawn;
  }
};
