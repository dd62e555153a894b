import { lstat, mkdir } from 'node:fs/promises';
import { UserError } from '../lib/errors.ts';

/**
 * Makes a folder of an instance, closed to other users, in which root may write for its user: what is written there must not
 * end elsewhere. Throws UserError `environment.instance-damaged` for a link in its place.
 */
export const makeOwnFolder = async (dir: string): Promise<void> => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (!(await lstat(dir)).isSymbolicLink()) return;
  throw new UserError(`${dir} is a link, and no folder that taskgate has made`, {
    id: 'environment.instance-damaged',
    hint: `remove it: rm ${dir}`,
  });
};
