import { chmod, constants, copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemProgram } from '../../../lib/process/system-path.ts';

const profilesPath = '/sys/kernel/security/apparmor/profiles';

/** Whether AppArmor takes the capabilities of all that unshare(1) starts, root's too: Ubuntu since 25.04 (unshare-userns-restrict). */
export const isConfined = (profiles: string): boolean => /^unshare \((?!complain|unconfined)/m.test(profiles);

/**
 * The program that creates namespaces. A profile of AppArmor holds for a path: a copy in `folder` is free of it. Root runs
 * the copy, so the folder, which is made, must stay root's; what lies there by that name is replaced, and no link is followed.
 */
export const findUnshare = async (folder: string, profiles = profilesPath): Promise<string> => {
  // not there without AppArmor, and not to be read in some containers
  if (!isConfined(await readFile(profiles, 'utf8').catch(() => ''))) return 'unshare';
  const copy = join(folder, 'unshare');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(copy, { force: true });
  await copyFile(systemProgram('unshare'), copy, constants.COPYFILE_EXCL);
  await chmod(copy, 0o700);
  return copy;
};
