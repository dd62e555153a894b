import { cacheFailure, folderFailure, isInFolder } from '../artifacts/store/failure.ts';
import { hasCode } from '../lib/errors.ts';

type Folders = { readonly stateDir: string; readonly cacheDir: string };

const stateTrouble = (hint: string) => ({
  id: 'environment.state-folder' as const,
  hint: `${hint}, or choose another folder with XDG_STATE_HOME`,
});

/**
 * What a system error of Node.js means to the user when one of our folders is the trouble; anything else is returned
 * as it is. The cache's writers name a full disk themselves, so a full disk without a path is that of the state folder.
 */
export const explainSystemError = (error: unknown, { stateDir, cacheDir }: Folders): unknown => {
  if (isInFolder(error, cacheDir)) return cacheFailure(error, cacheDir);
  const isFull = hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT');
  const isPathless = (error as NodeJS.ErrnoException).path === undefined;
  if (!isInFolder(error, stateDir) && !(isFull && isPathless)) return error;
  return folderFailure(error, {
    dir: stateDir,
    full: stateTrouble('free some space there'),
    unusable: stateTrouble('make it a folder that you can read and write'),
  });
};
