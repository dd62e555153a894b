import { randomInt } from 'node:crypto';
import { findTextFile, writeFileAtomically } from '../lib/files.ts';
import type { Instance } from './instance.ts';
import { instancePaths } from './paths.ts';

const alphabets = ['abcdefghijkmnpqrstuvwxyz', 'ABCDEFGHJKLMNPQRSTUVWXYZ', '23456789'] as const;
const passwordLength = 24;

const pick = (letters: string): string => letters.charAt(randomInt(letters.length));

/**
 * A password for the master's first users: unambiguous letters and digits, at least one of each kind, starting with a
 * letter; over 130 bits. Shells, YAML readers and devcluster do not change it.
 */
export const generatePassword = (): string => {
  const all = alphabets.join('');
  const rest = Array.from({ length: passwordLength - alphabets.length }, () => pick(all));
  for (const letters of alphabets.slice(1)) rest.splice(randomInt(rest.length + 1), 0, pick(letters));
  return pick(alphabets[0]) + rest.join('');
};

type Folder = Pick<Instance, 'dir'>;

/** The first password of the master's users `admin` and `determined`; undefined before `up` has made it. */
export const findAdminPassword = async ({ dir }: Folder): Promise<string | undefined> =>
  (await findTextFile(instancePaths(dir).passwordPath))?.trim() || undefined;

/** Makes it once; it stays in a file of its own, 0600. */
export const ensureAdminPassword = async (instance: Folder): Promise<void> => {
  const path = instancePaths(instance.dir).passwordPath;
  if (!(await findAdminPassword(instance))) await writeFileAtomically(path, `${generatePassword()}\n`);
};
