import type { Owner } from '../../lib/files.ts';
import { systemProgram } from '../../lib/process/system-path.ts';

/** The usual uid of `nobody`, which every Linux has an entry for. */
const usualNobody = 65_534;

/** `nobody` in the text of /etc/passwd: PostgreSQL looks its own user up, and does not start as one without an entry. */
export const nobodyOf = (passwd: string): number => {
  const line = passwd.split('\n').find((one) => one.startsWith('nobody:'));
  const uid = Number(line?.split(':')[2]);
  return Number.isInteger(uid) && uid > 0 ? uid : usualNobody;
};

/**
 * By what PostgreSQL is started, which refuses to run as root: nothing for another user, also the caller of sudo; for root
 * a user namespace in which its own uid is called `nobody`'s. So its files stay root's, in a folder of root's that no other
 * user can enter, no user is made, and the process has no right outside of that namespace.
 */
export const databaseAccount = (
  uid: number | undefined,
  { owner, passwd }: { readonly owner?: Owner | undefined; readonly passwd: string },
): readonly string[] => {
  if (uid !== 0 || owner) return [];
  const nobody = nobodyOf(passwd);
  return [systemProgram('unshare'), '--user', `--map-user=${nobody}`, `--map-group=${nobody}`];
};
