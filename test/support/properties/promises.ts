import assert from 'node:assert/strict';
import { exitCodeOf } from '../../../src/cli/exit-codes.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { HttpError } from '../../../src/lib/http/http.ts';

/** A secret of the input that is in the output. */
export class Leak extends Error {
  override readonly name = 'Leak';
}

/** Throws {@link Leak} if one of the texts has the secret; objects are looked through as JSON. */
export const expectNoLeak = (secret: string, ...outputs: readonly unknown[]): void => {
  for (const output of outputs) {
    const text = typeof output === 'string' ? output : JSON.stringify(output);
    if (text?.includes(secret)) throw new Leak(`${JSON.stringify(secret)} is in the output: ${text.slice(0, 300)}`);
  }
};

/** All that a user sees of an error. */
export const shownOf = (error: unknown): string =>
  error instanceof UserError ? `${error.message} ${error.hint ?? ''}` : error instanceof Error ? error.message : '';

/** One of taskgate's errors is an answer, if its id has an exit code; any other error is thrown again. */
export const acceptAnswer = (error: unknown): void => {
  if (error instanceof HttpError) return;
  if (!(error instanceof UserError)) throw error;
  assert.notEqual(exitCodeOf(error), 70, `${error.id} has no exit code`);
  assert.ok(error.message !== '', `${error.id} has no message`);
};

/** The value, or the error for the user that came instead; any other error is thrown. */
export const attempt = <T>(run: () => T): { readonly value: T } | { readonly error: UserError } => {
  try {
    return { value: run() };
  } catch (error) {
    acceptAnswer(error);
    return { error: error as UserError };
  }
};

type Failure = 'crash' | 'broken promise' | 'leak';

/** What kind of failure a thrown value is. */
export const kindOf = (error: unknown): Failure => {
  if (!(error instanceof Error)) return 'crash';
  if (error.name === 'Leak') return 'leak';
  return error.name === 'AssertionError' || error.name === 'TooSlow' ? 'broken promise' : 'crash';
};
