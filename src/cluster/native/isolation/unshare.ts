import { chmod, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemProgram } from '../../../lib/process/system-path.ts';

const profilesPath = '/sys/kernel/security/apparmor/profiles';

/** Whether AppArmor takes the capabilities of all that unshare(1) starts, root's too: Ubuntu since 25.04 (unshare-userns-restrict). */
export const isConfined = (profiles: string): boolean => /^unshare \((?!complain|unconfined)/m.test(profiles);

/** The program that creates namespaces. A profile of AppArmor holds for a path: a copy in `folder` is free of it. */
export const findUnshare = async (folder: string, profiles = profilesPath): Promise<string> => {
  // not there without AppArmor, and not to be read in some containers
  if (!isConfined(await readFile(profiles, 'utf8').catch(() => ''))) return 'unshare';
  const copy = join(folder, 'unshare');
  await copyFile(systemProgram('unshare'), copy);
  await chmod(copy, 0o700);
  return copy;
};
