import { findAdminPassword } from '../../instance/admin-password.ts';
import type { Instance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import type { EnsuredMaster } from './ensure.ts';

/**
 * How to log in to the master that runs, for people. The password itself is shown once, by the run that made the database
 * and with it the users; later its file is named.
 */
export const describeLogin = async ({ url, how, isNew }: EnsuredMaster, instance: Instance): Promise<string> => {
  if (how === 'yours') return `Your own master at ${url} was used as it is.`;
  const { passwordPath } = instancePaths(instance.dir);
  const password = isNew ? await findAdminPassword(instance) : undefined;
  const shown =
    password === undefined ? `password in ${passwordPath}` : `password ${password} (kept in ${passwordPath})`;
  return `Determined runs at ${url}: log in as admin or determined, ${shown}.`;
};
