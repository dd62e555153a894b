import { Interrupted } from '../lib/process/interrupted.ts';
import { type DisplayKind, showSteps } from './display.ts';
import { type RunStepsOptions, runSteps } from './run.ts';
import type { Step } from './step.ts';

type RunInput = Omit<RunStepsOptions, 'display'> & { readonly kind: DisplayKind };

/** What to know once the run was asked to end. */
const describeEnd = ({ signal }: Interrupted): string =>
  `cleaning up; ${signal === 'SIGINT' ? 'Ctrl-C again' : `another ${signal}`} quits at once`;

/** Runs the steps of a command, and shows them on stderr until all is drawn. Tested in test/process/interrupt.test.ts. */
export const runAndShow = async <C>(steps: readonly Step<C>[], context: C, input: RunInput): Promise<void> => {
  const { display, say, close } = showSteps(steps, input.kind);
  const onAbort = () => {
    const { reason } = input.signal;
    if (reason instanceof Interrupted) say(describeEnd(reason));
  };
  input.signal.addEventListener('abort', onAbort, { once: true });
  try {
    await runSteps(steps, context, { ...input, display });
  } finally {
    input.signal.removeEventListener('abort', onAbort);
    await close();
  }
};
