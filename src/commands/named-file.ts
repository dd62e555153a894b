import { dirname } from 'node:path';
import { findSudoCaller } from '../instance/state-folder.ts';
import { hasCode, messageOf, UserError } from '../lib/errors.ts';
import { isThere, readTextFile } from '../lib/files.ts';
import { copyToNamedFile, verifyNamedFile, writeNamedFile } from '../lib/trust/named-file.ts';
import { trustedUids } from '../lib/trust/users.ts';
import type { Invocation } from './command.ts';

/** Why a file that the user named cannot be read, where the name is to blame. */
const readFailure = (error: unknown, file: string, hint: string): unknown => {
  if (hasCode(error, 'ENOENT')) return new UserError(`there is no file ${file}`, { id: 'usage.no-file', hint });
  const isNoFile = ['EISDIR', 'ENOTDIR', 'EACCES'].some((code) => hasCode(error, code));
  if (!isNoFile) return error;
  return new UserError(`cannot read ${file}: ${messageOf(error)}`, { id: 'usage.no-file', hint, cause: error });
};

/** A master's file has some kB; its rules look at each node. */
const longestConfigBytes = 2 ** 20;

/** The text of a file that the user names. Throws UserError `usage.no-file`; `what` is what it should be. */
export const readNamedFile = (file: string, what: string): Promise<string> =>
  readTextFile(file, longestConfigBytes).catch((error: unknown) => {
    throw readFailure(error, file, `give the path of a ${what}`);
  });

type Writing = { readonly env: Invocation['env']; readonly mode?: number };

/** Writes a file that a flag names, see {@link writeNamedFile}. Tested in test/process/config.test.ts. */
export const writeFileOf = (file: string, text: string, { env, ...mode }: Writing): Promise<void> =>
  writeNamedFile(file, text, { trusted: trustedUids(env), caller: findSudoCaller(env), ...mode });

/** Copies a file to one that a flag names, see {@link copyToNamedFile}. Tested in test/e2e/task-image.test.ts. */
export const copyToFileOf = (source: string, file: string, env: Invocation['env']): Promise<void> =>
  copyToNamedFile(source, file, { trusted: trustedUids(env), caller: findSudoCaller(env) });

/** Throws UserError `usage.output` where the folder of a new file is not there: it is more likely mistyped than wanted. */
export const verifyFolderOf = async (file: string): Promise<void> => {
  const folder = dirname(file);
  if (await isThere(folder)) return;
  throw new UserError(`cannot write ${file}: there is no folder ${folder}`, {
    id: 'usage.output',
    hint: `make it (mkdir -p ${folder}), or name a file in another one`,
  });
};

/** Throws UserError `usage.output` for files that could not be written later. Changes nothing. */
export const verifyFilesOf = async (files: readonly (string | undefined)[], env: Invocation['env']): Promise<void> => {
  for (const file of files) if (file !== undefined) await verifyNamedFile(file, trustedUids(env));
};
