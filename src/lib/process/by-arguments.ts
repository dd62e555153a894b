import { readdir, readFile } from 'node:fs/promises';
import { findProcess, type ProcessIdentity } from './processes.ts';

/** Program and arguments of a process; none for one that ended meanwhile, or that another user hides. */
export const argumentsOf = async (pid: number): Promise<readonly string[]> => {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  // a program that has written its own title may have left out the last NUL
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
};

/** The processes of this machine whose program and arguments match; none where there is no /proc. */
export const findByArguments = async (
  matches: (args: readonly string[]) => boolean,
): Promise<readonly ProcessIdentity[]> => {
  const names = await readdir('/proc').catch(() => []);
  const found: ProcessIdentity[] = [];
  for (const pid of names.map(Number).filter(Number.isInteger)) {
    if (!matches(await argumentsOf(pid))) continue;
    const identity = await findProcess(pid);
    if (identity) found.push(identity);
  }
  return found;
};
