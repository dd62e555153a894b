import { stat } from 'node:fs/promises';
import { findAdminPassword } from '../../instance/admin-password.ts';
import { findInstance, listNames } from '../../instance/instance.ts';
import { instanceDirOf, instancePaths } from '../../instance/paths.ts';
import { hasCode, messageOf, UserError } from '../../lib/errors.ts';
import { readTextFile } from '../../lib/files.ts';
import type { CommandContext } from '../../providers/context.ts';
import { getInstance } from '../open-instance.ts';

/** With what to do where a master refuses it. */
export type FoundPassword = { readonly password: string; readonly passwordHint: string };

const longestPasswordBytes = 64 * 2 ** 10;

/** Throws UserError `usage.password-file` for a file that is not there or that others may read. */
const readPasswordFile = async (path: string): Promise<string> => {
  const unusable = (why: string, hint: string, cause?: unknown) =>
    new UserError(`--master-password-file: ${path} ${why}`, { id: 'usage.password-file', hint, cause });
  try {
    const { mode } = await stat(path);
    if (mode & 0o077) throw unusable('may be read by others', `run: chmod 600 ${path}`);
    return (await readTextFile(path, longestPasswordBytes)).trim();
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EISDIR'].some((code) => hasCode(error, code))) throw error;
    throw unusable(`cannot be read: ${messageOf(error)}`, 'name a file that holds the password alone', error);
  }
};

/** Other instances on this machine, whose first passwords are others. */
const findOthers = async (
  { config, folders: { stateDir } }: CommandContext,
  password: string,
): Promise<readonly string[]> => {
  const others: string[] = [];
  for (const name of (await listNames(stateDir)).filter((one) => one !== config.name)) {
    const instance = await findInstance(stateDir, name).catch(() => undefined);
    const other = instance && (await findAdminPassword(instance));
    if (other && other !== password) others.push(name);
  }
  return others;
};

/** A joint master.yaml has the password of the instance that was named first, and a database that of its first start. */
const hintOf = async (context: CommandContext, password: string, from: string): Promise<string> => {
  const others = await findOthers(context, password);
  const [first = ''] = others;
  const file = instancePaths(instanceDirOf(context.folders.stateDir, first)).passwordPath;
  const more = others.length > 1 ? ` (there are, too: ${others.slice(1).join(', ')})` : '';
  const joint =
    others.length > 0
      ? `; a master of several instances has the one of the instance that was named first: --master-password-file ${file}${more}`
      : '';
  return `the password was ${from}${joint}; a master keeps the one of its database's first start: correct the password, or --master-user`;
};

/**
 * The password for `smoke --master`: never from the command line, which everybody on the machine can read. Throws UserError
 * `usage.password-file`, `usage.no-password`.
 */
export const findPassword = async (
  context: CommandContext,
  { masterPasswordFile }: { readonly masterPasswordFile?: string },
): Promise<FoundPassword> => {
  const found = async (password: string, from: string): Promise<FoundPassword> => ({
    ...{ password, passwordHint: await hintOf(context, password, from) },
  });
  if (masterPasswordFile !== undefined) {
    return found(await readPasswordFile(masterPasswordFile), `from ${masterPasswordFile}`);
  }
  const { DET_PASS } = context.env;
  if (DET_PASS) return found(DET_PASS, 'from the variable DET_PASS');
  const generated = await findAdminPassword(await getInstance(context));
  if (generated) return found(generated, `the admin-password of instance ${context.config.name}`);
  throw new UserError('no password for the master is known', {
    id: 'usage.no-password',
    hint: 'give --master-password-file FILE, or set DET_PASS',
  });
};
