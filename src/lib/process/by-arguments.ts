import { readdir, readFile } from 'node:fs/promises';
import { findProcess, type ProcessIdentity } from './processes.ts';

/** None for a process that ended meanwhile, or that another user hides. */
const argumentsOf = async (pid: number): Promise<readonly string[]> => {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').slice(0, -1);
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
