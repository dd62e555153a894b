import { hasCode, messageOf, UserError } from '../lib/errors.ts';
import { CommandError } from '../lib/runner.ts';

/** Errors after which no other source is tried: they would meet the same, or the user must look. */
const finalIds = new Set(['artifact.disk-full', 'artifact.cache-read-only', 'artifact.digest-changed']);

export const isFinal = (error: UserError): boolean => finalIds.has(error.id);

const isOutOfSpace = (error: unknown): boolean =>
  hasCode(error, 'ENOSPC') ||
  hasCode(error, 'EDQUOT') ||
  (error instanceof CommandError && /no space left on device|disk quota exceeded/i.test(messageOf(error)));

const isReadOnly = (error: unknown, dir: string): boolean =>
  ['EROFS', 'EACCES', 'EPERM'].some((code) => hasCode(error, code)) &&
  String((error as NodeJS.ErrnoException).path).startsWith(dir);

/** Names the two troubles of a folder of ours that the user can fix; anything else is returned as it is. */
export const cacheFailure = (error: unknown, dir: string): unknown => {
  if (isOutOfSpace(error)) {
    return new UserError(`no space left on the disk of ${dir}`, {
      id: 'artifact.disk-full',
      hint: 'free about 12 GB there, or choose another folder with XDG_CACHE_HOME; what is finished is kept',
      cause: error,
    });
  }
  if (isReadOnly(error, dir)) {
    return new UserError(`cannot write to ${dir}: ${messageOf(error)}`, {
      id: 'artifact.cache-read-only',
      hint: 'make it writable, or choose another folder with XDG_CACHE_HOME',
      cause: error,
    });
  }
  return error;
};

/** Whether a command failed because there is no such program. */
export const isMissingProgram = (error: unknown): error is CommandError =>
  error instanceof CommandError && error.exitCode === undefined && error.message.includes('ENOENT');
