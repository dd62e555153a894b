import { sep } from 'node:path';
import { type ErrorId, hasCode, messageOf, UserError } from '../../lib/errors.ts';
import { CommandError } from '../../lib/process/runner.ts';

/** Errors after which no other source is tried: it would fail the same way, or the user must decide. */
const finalIds = new Set([
  'artifact.disk-full',
  'artifact.cache-read-only',
  'artifact.digest-changed',
  'artifact.bundle-digest',
  'artifact.untrusted-mirror',
]);

export const isFinal = (error: UserError): boolean => finalIds.has(error.id);

const unprovenIds = new Set(['artifact.mirror-unproven', 'artifact.bundle-unproven']);

/** A source whose certificate nobody here trusts. */
export const untrustedId = 'artifact.untrusted-certificate';

/** What the user then can do comes before other advice: a proof that is wanting, a certificate authority to trust. */
export const isAdvisable = (error: UserError): boolean => unprovenIds.has(error.id) || error.id === untrustedId;

type FailureText = { readonly id: ErrorId; readonly hint: string };

/** A folder that the user chose, and the errors for a full disk and an unusable folder. */
type UserFolder = { readonly dir: string; readonly full: FailureText; readonly unusable: FailureText };

export const isOutOfSpace = (error: unknown): boolean =>
  hasCode(error, 'ENOSPC') ||
  hasCode(error, 'EDQUOT') ||
  (error instanceof CommandError && /no space left on device|disk quota exceeded/i.test(messageOf(error)));

/** Whether a system error names this folder, something in it or, if creating it failed, a folder above it. */
export const isInFolder = (error: unknown, dir: string): boolean => {
  if (!(error instanceof Error)) return false;
  const { path, dest, syscall } = error as NodeJS.ErrnoException & { dest?: string };
  const isIn = (one: string | undefined) => one === dir || one?.startsWith(dir + sep) === true;
  return isIn(path) || isIn(dest) || (syscall === 'mkdir' && path !== undefined && dir.startsWith(path + sep));
};

/** Why a folder cannot be used, if the error is about that. */
const whyUnusable = (error: unknown, dir: string): string | undefined => {
  if (!isInFolder(error, dir)) return undefined;
  const isMkdir = (error as NodeJS.ErrnoException).syscall === 'mkdir';
  if (hasCode(error, 'EROFS')) return `cannot write to ${dir}: ${messageOf(error)}`;
  // `recursive` reports a read-only file system so: https://github.com/nodejs/node/issues/47098
  if (isMkdir && hasCode(error, 'ENOENT')) {
    return `cannot write to ${dir}: cannot create a folder, is the disk read-only? (${messageOf(error)})`;
  }
  const isUnusable = ['EACCES', 'EPERM', 'ENOTDIR', 'ELOOP'].some((code) => hasCode(error, code));
  return isUnusable || (isMkdir && hasCode(error, 'EEXIST')) ? `cannot use ${dir}: ${messageOf(error)}` : undefined;
};

/** Explains errors of a folder that the user can fix; other errors are returned unchanged. */
export const folderFailure = (error: unknown, { dir, full, unusable }: UserFolder): unknown => {
  if (isOutOfSpace(error)) return new UserError(`no space left on the disk of ${dir}`, { ...full, cause: error });
  const message = whyUnusable(error, dir);
  return message === undefined ? error : new UserError(message, { ...unusable, cause: error });
};

export const cacheFailure = (error: unknown, dir: string): unknown =>
  folderFailure(error, {
    dir,
    full: {
      id: 'artifact.disk-full',
      hint: 'free about 12 GB there, or choose another folder with XDG_CACHE_HOME; finished downloads are kept',
    },
    unusable: {
      id: 'artifact.cache-read-only',
      hint: 'make it writable, or choose another folder with XDG_CACHE_HOME',
    },
  });

/** The same for the folder that a bundle is written to. */
export const bundleFailure = (error: unknown, dir: string): unknown =>
  folderFailure(error, {
    dir,
    full: { id: 'artifact.disk-full', hint: 'free some space there, or choose another folder with --bundle' },
    unusable: { id: 'artifact.bundle-folder', hint: 'make it writable, or choose another folder with --bundle' },
  });

/** Whether a command failed because its program does not exist. */
export const isMissingProgram = (error: unknown): error is CommandError =>
  error instanceof CommandError && error.exitCode === undefined && error.message.includes('ENOENT');
