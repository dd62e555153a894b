// Tested in test/e2e/with-master.test.ts
import { findAdminPassword } from '../../../instance/admin-password.ts';
import { instancePaths } from '../../../instance/paths.ts';
import type { UpResult } from '../ending/result.ts';

/**
 * How to log in to the master that runs, for people; empty without one. The password itself is shown once, by the run that made
 * the database and with it the users; later its file is named.
 */
export const describeLogin = async ({
  ownMaster,
  instance,
}: Pick<UpResult, 'ownMaster' | 'instance'>): Promise<string> => {
  if (!ownMaster || !instance) return '';
  const { url, how, isNew } = ownMaster;
  if (how === 'yours') return `\nYour own master at ${url} was used as it is.\n`;
  const { passwordPath } = instancePaths(instance.dir);
  const password = isNew ? await findAdminPassword(instance) : undefined;
  const shown =
    password === undefined ? `password in ${passwordPath}` : `password ${password} (kept in ${passwordPath})`;
  return `\nDetermined runs at ${url}: log in as admin or determined, ${shown}.\n`;
};
