import { cacheFailure, folderFailure, isInFolder } from '../artifacts/store/failure.ts';
import { ownValue } from '../lib/defined.ts';
import { hasCode, UserError } from '../lib/errors.ts';
import { CommandError } from '../lib/process/runner.ts';

type Folders = { readonly stateDir: string; readonly cacheDir: string };

const stateTrouble = (hint: string) => ({
  id: 'environment.state-folder' as const,
  hint: `${hint}, or choose another folder with XDG_STATE_HOME`,
});

const notYours = 'whose is it, and what may you do there? see: ls -ld, of each folder above it, too';

/** What to do about the system's refusals; those that only a mistake of ours leads to (EBADF, EINVAL) are not among them. */
const hints: Readonly<Record<string, string>> = {
  EACCES: notYours,
  EPERM: notYours,
  EROFS: 'that place is mounted read-only: mount it writable, or choose another',
  ENOSPC: 'free some space on that disk',
  EDQUOT: 'the quota of that disk is used up: free some space there',
  ENOENT: 'something removed it, or never put it there: restore it, then run the command again',
  ENOTDIR: 'a part of that path is no folder',
  EISDIR: 'that is a folder, where a file must be',
  EEXIST: 'something else put it there: remove it, then run the command again',
  ENOTEMPTY: 'something else still writes there: end it, then run the command again',
  EBUSY: 'something uses it: end that, then run the command again',
  ETXTBSY: 'that program is being written: run the command again',
  ELOOP: 'links lead in a circle there',
  ENAMETOOLONG: 'choose a shorter path',
  EXDEV: 'that path spans two file systems',
  EIO: 'that disk has trouble: see dmesg',
  ESTALE: 'that network file system lost it: mount it again',
  EMFILE: 'this process may open too few files: raise that, such as `ulimit -n 4096`',
  ENFILE: 'this machine has too many open files: see /proc/sys/fs/file-nr',
  ENOMEM: 'this machine has too little memory',
  EAGAIN:
    'this user may start too few processes, or memory is short: see `ulimit -u` and the pids limit of the container',
  ENOBUFS: 'this machine has too little memory for the network',
  EADDRINUSE: 'something else listens there: see `ss -ltnp`',
  EADDRNOTAVAIL: 'this machine has no such address',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side ended the connection: run the command again',
  EPIPE: 'the other side ended the connection: run the command again',
  ETIMEDOUT: 'nothing answers there: see the route and firewalls',
  EHOSTUNREACH: 'that machine is not reached: see the route and firewalls',
  ENETUNREACH: 'that network is not reached: see the route',
  ENOTFOUND: 'that name does not resolve: see the DNS of this machine',
  EAI_AGAIN: 'the DNS of this machine does not answer',
};

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** A refusal of the system, or a program that failed, that no part has explained; anything else is returned as it is. */
const explainRest = (error: unknown): unknown => {
  if (error instanceof CommandError) {
    const hint = 'run that command by hand: is the program installed, and does it work here?';
    return new UserError(error.message, { id: 'environment.command', hint, cause: error });
  }
  const hint = error instanceof Error ? ownValue(hints, codeOf(error)) : undefined;
  if (!(error instanceof Error) || hint === undefined) return error;
  return new UserError(`the system refuses: ${error.message}`, { id: 'environment.system', hint, cause: error });
};

/**
 * What an error of Node.js or of a program means to the user: about one of taskgate's folders, or about this machine. What
 * the system does not allow is no bug in taskgate. The cache's writers name a full disk themselves, so a full disk without a
 * path is that of the state folder.
 */
export const explainSystemError = (error: unknown, { stateDir, cacheDir }: Folders): unknown => {
  if (isInFolder(error, cacheDir)) return explainRest(cacheFailure(error, cacheDir));
  const isFull = hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT');
  const isPathless = (error as NodeJS.ErrnoException).path === undefined;
  if (!isInFolder(error, stateDir) && !(isFull && isPathless)) return explainRest(error);
  const explained = folderFailure(error, {
    dir: stateDir,
    full: stateTrouble('free some space there'),
    unusable: stateTrouble('make it a folder that you can read and write'),
  });
  return explainRest(explained);
};
