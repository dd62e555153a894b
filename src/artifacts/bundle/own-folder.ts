import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../lib/errors.ts';

export type Permissions = { readonly uid: number; readonly mode: number };

/** Why a file is not the user's own alone; undefined if it is. Root's files count as the user's own. */
export const whyForeign = ({ uid, mode }: Permissions, ownUids: readonly number[]): string | undefined => {
  if (uid !== 0 && !ownUids.includes(uid))
    return `belongs to uid ${uid}, not to this user (uid ${ownUids.join(' or ')})`;
  return (mode & 0o022) === 0 ? undefined : 'can be written by others';
};

/**
 * Throws UserError `artifact.bundle-unproven` unless a folder and its index are of this user, of the one who called sudo or of
 * root, and nobody else can write them: then the user's own word is enough, as for a program in PATH.
 */
export const verifyOwnFolder = async (place: string, indexName: string, callerUid?: number): Promise<void> => {
  const ownUid = process.getuid?.();
  // without uids, as on Windows, there is nothing to compare
  if (ownUid === undefined) return;
  for (const path of [place, join(place, indexName)]) {
    const reason = whyForeign(await stat(path), [ownUid, ...(callerUid === undefined ? [] : [callerUid])]);
    if (reason === undefined) continue;
    throw new UserError(`nothing proves the bundle in ${place}: ${path} ${reason}`, {
      id: 'artifact.bundle-unproven',
      hint: 'give --bundle-digest with the digest that `taskgate prefetch --bundle DIR` printed, or copy it to a folder of your own',
    });
  }
};
