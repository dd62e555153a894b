// Tested in test/cli/report-error.test.ts
import { withoutPasswords } from './redact.ts';

/** Stable id of an error: its kind, a dot and its name (`gateway.not-programmed`). The kind decides the exit code. */
export type ErrorId = `${string}.${string}`;

export type UserErrorOptions = {
  readonly id: ErrorId;
  /** What to do, in one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
};

/**
 * An error that the user can fix: `message` has what happened and where, `hint` what to do. Other errors are bugs. A message
 * may quote a tool or a setting, so passwords of URLs are taken out of it.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly id: ErrorId;
  readonly hint: string | undefined;

  constructor(message: string, { id, hint, cause }: UserErrorOptions) {
    super(withoutPasswords(message), cause === undefined ? undefined : { cause });
    this.id = id;
    this.hint = hint;
  }
}

/** The text of anything thrown, for use in another message. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whether a thrown value is Node's system error with this code (`ENOENT`, `EACCES`). */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
