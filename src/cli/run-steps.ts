import { type DisplayKind, showSteps } from '../steps/display.ts';
import { runSteps, type Stage, type Step } from '../steps/step.ts';

type RunInput = {
  readonly kind: DisplayKind;
  readonly signal: AbortSignal;
  readonly onStage?: (stage: Stage) => void;
};

/** Runs the steps of a command and shows them on stderr; done when the display is drawn. */
export const runAndShow = async <C>(steps: readonly Step<C>[], context: C, input: RunInput): Promise<void> => {
  const { display, drawn } = showSteps(steps, input.kind);
  try {
    await runSteps(steps, context, { ...input, display });
  } finally {
    await drawn;
  }
};
