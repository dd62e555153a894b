import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { findDistrust, trustedUids } from '../../lib/trust/users.ts';

/**
 * Throws UserError `artifact.bundle-unproven` unless only this user, the one who called sudo and root can change a folder and
 * its index: then the user's own word is enough, as for a program in PATH.
 */
export const verifyOwnFolder = async (place: string, indexName: string, callerUid?: number): Promise<void> => {
  const trusted = trustedUids(callerUid === undefined ? {} : { SUDO_UID: String(callerUid) });
  for (const path of [place, join(place, indexName)]) {
    const reason = findDistrust(await stat(path), trusted);
    if (reason === undefined) continue;
    throw new UserError(`nothing proves the bundle in ${place}: ${path} ${reason}`, {
      id: 'artifact.bundle-unproven',
      hint: 'give --bundle-digest with the digest that `taskgate prefetch --bundle DIR` printed, or copy it to a folder of your own',
    });
  }
};
