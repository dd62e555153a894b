import { setTimeout as pause } from 'node:timers/promises';
import { findTextFile } from '../../../src/lib/files.ts';
import { findProcess } from '../../../src/lib/process/processes.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';
import { programs, type User } from './user.ts';

type Begun = { readonly name: string; readonly pid: number };

/** The programs of `fakePrograms` that were started so far. */
const findBegun = async ({ dir }: User): Promise<readonly Begun[]> =>
  ((await findTextFile(`${dir}/begun`)) ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '))
    .map(([name = '', pid]) => ({ name, pid: Number(pid) }));

/** Those of them that still run. */
export const runningFakes = async (user: User): Promise<readonly Begun[]> => {
  const begun = await findBegun(user);
  const found = await Promise.all(begun.map(({ pid }) => findProcess(pid)));
  return begun.filter((_, index) => found[index] !== undefined);
};

/** What taskgate could not end, because it was killed itself. */
export const endFakes = async (user: User): Promise<void> => {
  for (const { pid } of await runningFakes(user)) process.kill(pid, 'SIGKILL');
};

/** Until taskgate has started each of the programs that bring artifacts. */
export const waitUntilBegun = async (user: User): Promise<void> => {
  const missing = (begun: readonly Begun[]) =>
    programs.filter((program) => !begun.some(({ name }) => name === program));
  await waitUntil(
    'programs that bring artifacts',
    polling(() => findBegun(user), 20),
    (begun) => missing(begun).length === 0 || `not started: ${missing(begun).join(', ')}`,
    { timeoutMs: 30_000, id: 'artifact.test' },
  );
};

export const lockFiles = async (user: User): Promise<readonly string[]> =>
  (await user.left()).filter((path) => path.endsWith('/lock') || /\/locks\/./.test(path));

/** Which programs still run when the first lock is given back. */
export const runningAtUnlock = async (user: User): Promise<readonly string[]> => {
  for (const deadline = Date.now() + 20_000; (await lockFiles(user)).length > 1; ) {
    if (Date.now() > deadline) throw new Error('no lock was given back');
    await pause(10);
  }
  return (await runningFakes(user)).map(({ name }) => name);
};
