import { UserError } from '../../../src/lib/errors.ts';
import { HttpError } from '../../../src/lib/http/http.ts';
import { type Random, randomOf } from './mutate.ts';

/** How many inputs each handler gets: `TASKGATE_FUZZ_INPUTS=100000` for a long run. */
export const inputsWanted = Number(process.env['TASKGATE_FUZZ_INPUTS'] ?? 1_000);

/** For handlers that need a connection or a whole document for each input: a quarter of them in the short run. */
export const slowInputs = inputsWanted > 1_000 ? inputsWanted : Math.ceil(inputsWanted / 4);

export type Tally = { inputs: number; readonly thrown: unknown[] };

/** An error for the user is an answer; any other is a fault of the handler. */
const isAnswer = (error: unknown): boolean => error instanceof UserError || error instanceof HttpError;

/** Runs one input at a time, or so many at once, and counts what is thrown: by the handler, or past it. */
export const fuzz = async (
  handle: (random: Random, index: number) => unknown,
  { atOnce = 1, inputs = inputsWanted }: { readonly atOnce?: number; readonly inputs?: number } = {},
): Promise<Tally> => {
  const tally: Tally = { inputs: 0, thrown: [] };
  const note = (error: unknown): void => void (isAnswer(error) || tally.thrown.push(error));
  const work = async (): Promise<void> => {
    while (tally.inputs < inputs) {
      const index = tally.inputs++;
      try {
        const result = handle(randomOf(index * 7_919 + 1), index);
        if (result instanceof Promise) await result;
      } catch (error) {
        note(error);
      }
    }
  };
  process.on('uncaughtException', note).on('unhandledRejection', note);
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
    // what was thrown past the handler comes in a later turn
    await new Promise(setImmediate);
  } finally {
    process.off('uncaughtException', note).off('unhandledRejection', note);
  }
  return tally;
};
