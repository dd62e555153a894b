import { chmod, chown, copyFile, realpath, stat } from 'node:fs/promises';
import { writeFileAtomically } from '../../lib/files.ts';

/**
 * Writes a user's own file anew by rename, with the mode and owner that it has; what it was is kept beside it. A link
 * stays a link. Resolves with the path of the backup.
 */
export const rewriteConfig = async (path: string, text: string): Promise<string> => {
  const target = await realpath(path);
  const backup = `${target}.taskgate-backup`;
  const { mode, uid, gid } = await stat(target);
  await copyFile(target, backup);
  await writeFileAtomically(target, text, mode & 0o777);
  // what the umask took away
  await chmod(target, mode & 0o777);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await Promise.all([target, backup].map((file) => chown(file, uid, gid)));
  return backup;
};
