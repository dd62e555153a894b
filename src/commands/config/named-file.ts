import { readFile } from 'node:fs/promises';
import { hasCode, messageOf, UserError } from '../../lib/errors.ts';
import { writeFileAtomically } from '../../lib/files.ts';

/** Why a file that the user named cannot be read, where the name is to blame. */
const readFailure = (error: unknown, file: string, hint: string): unknown => {
  if (hasCode(error, 'ENOENT')) return new UserError(`there is no file ${file}`, { id: 'usage.no-file', hint });
  const isNoFile = ['EISDIR', 'ENOTDIR', 'EACCES'].some((code) => hasCode(error, code));
  if (!isNoFile) return error;
  return new UserError(`cannot read ${file}: ${messageOf(error)}`, { id: 'usage.no-file', hint, cause: error });
};

/** The text of a file that the user names. Throws UserError `usage.no-file`; `what` is what it should be. */
export const readNamedFile = (file: string, what: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw readFailure(error, file, `give the path of a ${what}`);
  });

/** Lets the system's refusal to write a file that the user names through as UserError `usage.output`. */
export const explainWrite = async <T>(file: string, write: () => Promise<T>): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new UserError(`cannot write ${file}: ${error.message}`, {
      id: 'usage.output',
      hint: 'give a file in a folder that you may write to',
      cause: error,
    });
  }
};

/** Writes a file that the user names, whole or not at all, 0600. Tested in test/process/config.test.ts. */
export const writeNamedFile = (file: string, text: string): Promise<void> =>
  explainWrite(file, () => writeFileAtomically(file, text));
