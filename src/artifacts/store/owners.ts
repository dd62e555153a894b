import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hasCode, UserError } from '../../lib/errors.ts';
import { ignoreAbsence } from '../../lib/files.ts';
import { type Distrust, findEntryDistrust, findPathDistrust } from '../../lib/trust/path.ts';
import type { Trusted } from '../../lib/trust/users.ts';

/** What lies in a folder, as far down as `depth`. */
const pathsBelow = async (dir: string, depth: number): Promise<readonly string[]> => {
  // a file in its place is reported by what comes after
  const absent = (error: unknown) => (hasCode(error, 'ENOTDIR') ? undefined : ignoreAbsence(error));
  const entries = (await readdir(dir, { withFileTypes: true }).catch(absent)) ?? [];
  const found = entries.map(async (entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() && depth > 1 ? [path, ...(await pathsBelow(path, depth - 1))] : [path];
  });
  return (await Promise.all(found)).flat();
};

const refuse = (cacheDir: string, { path, why }: Distrust): never => {
  const isBelow = `${path}/`.startsWith(`${cacheDir}/`);
  const another = 'choose a folder of your own with XDG_CACHE_HOME';
  throw new UserError(`root would run programs of the cache ${cacheDir}, but ${path} ${why}`, {
    id: 'environment.cache-owner',
    hint: isBelow
      ? `if nobody else has changed it: chown -R root: ${cacheDir}; chmod -R go-w ${cacheDir}; otherwise remove it, or ${another}`
      : `${another}; where only its mode is wrong: chmod go-w ${path}`,
  });
};

/** Programs and images are in `items`; in the other folders, of builds and downloads, the upper folders must do. */
const depths = { items: Number.POSITIVE_INFINITY, others: 2 } as const;

/**
 * Root runs what is in the cache, and a file of the right size and time counts as unchanged. Throws UserError
 * `environment.cache-owner` where anybody but root and the caller of sudo can change the cache or a folder above it.
 */
export const verifyCacheOwners = async (cacheDir: string, trusted: Trusted): Promise<void> => {
  if (!trusted) return;
  const dir = resolve(cacheDir);
  const above = findPathDistrust(dir, trusted);
  if (above) refuse(dir, above);
  const below = [pathsBelow(dir, depths.others), pathsBelow(join(dir, 'items'), depths.items)];
  for (const path of (await Promise.all(below)).flat()) {
    const why = findEntryDistrust(path, trusted);
    if (why) refuse(dir, { path, why });
  }
};
