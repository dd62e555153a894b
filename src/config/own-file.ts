import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { UserError } from '../lib/errors.ts';
import { ignoreAbsence, readLimited } from '../lib/files.ts';
import { findDistrust, type Trusted } from '../lib/trust/users.ts';

/** All settings with comments have some 10 kB. */
export const longestFileBytes = 64 * 2 ** 10;

const refuse = (what: string, path: string): never => {
  throw new UserError(`${what}, and settings can name programs to run`, {
    id: 'usage.config-owner',
    hint: `read it; to use it all the same, name it: --config ${basename(path)}; or make file and folder yours alone: chown, chmod go-w`,
  });
};

const verifyOwn = async (path: string, file: FileHandle, trusted: Trusted): Promise<void> => {
  const ofFile = findDistrust(await file.stat(), trusted);
  if (ofFile) refuse(`${path} ${ofFile}`, path);
  const ofFolder = findDistrust(await stat(dirname(path)), trusted);
  if (ofFolder) refuse(`the folder of ${path} ${ofFolder}`, path);
};

/**
 * The text of a settings file that lies where taskgate was started, undefined without one. Throws UserError
 * `usage.config-owner` where others can change the file or its folder: they could run programs as this user, as they could
 * with git's configuration (CVE-2022-24765).
 */
export const findOwnText = async (path: string, trusted: Trusted): Promise<string | undefined> => {
  const file = await open(path).catch(ignoreAbsence);
  if (!file) return undefined;
  try {
    await verifyOwn(path, file, trusted);
    const bytes = await readLimited(file.createReadStream({ autoClose: false }), {
      path,
      limitBytes: longestFileBytes,
    });
    return bytes.toString('utf8');
  } finally {
    await file.close();
  }
};
