import { readFile } from 'node:fs/promises';
import { findInstanceChanger } from '../../instance/lock.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import { hasCode } from '../../lib/errors.ts';
import type { Problem } from '../../model/problem.ts';

/** A process that changes an instance. */
export type Changer = { readonly pid: number; readonly command?: string };

export const lockedId = 'environment.locked';

/** `up`, of the command line of a taskgate; no more of it, since a flag may hold a password. */
const findCommand = async (pid: number): Promise<string | undefined> => {
  const gone = (error: unknown): string => {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].some((code) => hasCode(error, code))) return '';
    throw error;
  };
  const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(gone)).split('\0');
  const program = args.findIndex((arg) => /(^|\/)taskgate(\.js)?$/.test(arg));
  const command = program < 0 ? undefined : args[program + 1];
  return command && /^[a-z]+$/.test(command) ? command : undefined;
};

/** The process that changes an instance now, if there is one. */
export const findChanger = async (stateDir: string, name: string): Promise<Changer | undefined> => {
  const pid = await findInstanceChanger(stateDir, name);
  if (pid === undefined) return undefined;
  const command = await findCommand(pid);
  return { pid, ...(command && { command }) };
};

/** `process 4711 (taskgate up)`. */
export const describeChanger = ({ pid, command }: Changer): string =>
  `process ${pid}${command ? ` (taskgate ${command})` : ''}`;

type Seen = { readonly record: InstanceRecord; readonly problems: readonly Problem[]; readonly again: string };

/**
 * What is wrong with an instance, where it may not be finished: then only that is told, since what it lacks is not
 * broken.
 */
export const judgeUnfinished = (
  { record: { unfinished }, problems, again }: Seen,
  changer: Changer | undefined,
): readonly Problem[] => {
  if (changer && (unfinished || problems.length > 0)) {
    const message = `${describeChanger(changer)} is changing it`;
    return [{ id: lockedId, message, hint: 'wait until it has ended' }];
  }
  if (!unfinished) return problems;
  const where = unfinished.step ? `stopped at "${unfinished.step}"` : 'was killed before it came to its end';
  return [{ id: 'cluster.unfinished', message: `the last up ${where}`, hint: again }];
};
