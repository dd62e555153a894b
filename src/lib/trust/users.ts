type Environment = Readonly<Record<string, string | undefined>>;

/** Users whose files this process may act upon; undefined on a system without user ids, where nothing is judged. */
export type Trusted = ReadonlySet<number> | undefined;

/**
 * The effective user, root, and for root the user who called sudo: SUDO_UID counts for root alone, anybody else could set
 * it.
 */
export const trustedUids = ({ SUDO_UID = '' }: Environment, uid = process.geteuid?.()): Trusted => {
  if (uid === undefined) return undefined;
  return new Set([0, uid, ...(uid === 0 && /^\d+$/.test(SUDO_UID) ? [Number(SUDO_UID)] : [])]);
};

/** The same where this is root, whose programs can do the most; others judge by themselves whom they share files with. */
export const trustedByRoot = (env: Environment, uid = process.geteuid?.()): Trusted =>
  uid === 0 ? trustedUids(env, uid) : undefined;

/** The part of `stat` that says who can change a file or folder. */
export type Access = { readonly uid: number; readonly gid: number; readonly mode: number };

/** Whether everybody may create entries in this folder, or change this file. */
export const isOpenToAll = ({ mode }: Access): boolean => (mode & 0o002) !== 0;

/**
 * Why others can change a file or folder, to follow its name in a message; undefined if only trusted users can. A group
 * that has the number of a trusted user is that user's own, as most distributions make it together with a umask of 002.
 */
export const findDistrust = (access: Access, trusted: Trusted): string | undefined => {
  const { uid, gid, mode } = access;
  if (!trusted) return undefined;
  if (!trusted.has(uid)) return `belongs to user ${uid}`;
  const isOpenToGroup = (mode & 0o020) !== 0 && !trusted.has(gid);
  if (!isOpenToAll(access) && !isOpenToGroup) return undefined;
  return `can be changed by other users (mode ${(mode & 0o7777).toString(8)}, group ${gid})`;
};
