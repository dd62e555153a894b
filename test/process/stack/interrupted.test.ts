import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { processesIn } from '../../../src/determined/database/data.ts';
import { stopMaster } from '../../../src/determined/stop.ts';
import { findInstance, type Instance } from '../../../src/instance/instance.ts';
import { determinedPaths } from '../../../src/instance/paths.ts';
import { findByArguments } from '../../../src/lib/process/by-arguments.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';
import { launcher, test, type User } from '../../support/process/user.ts';
import { makeCommandStack } from '../../support/stack/command.ts';
import { writeSmallMaster } from '../../support/stack/small-master.ts';
import { findInstalledServer } from '../../support/stack/stack.ts';

const server = await findInstalledServer();

const reopen = async (user: User): Promise<Instance> => {
  const instance = await findInstance(`${user.state}/taskgate`, 'dev');
  if (!instance) throw new Error('its record is there');
  return instance;
};

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

type Seen = { readonly user: User; readonly dir: string; readonly program: string };

const isStarted = async (program: string): Promise<boolean> =>
  (await findByArguments((args) => args.includes(program) && args.includes('--config-file'))).length > 0;

/** What a start has done when its command is killed, in the order of its doing. */
const moments: Readonly<Record<string, (seen: Seen) => Promise<boolean>>> = {
  'the password was made': ({ dir }) => isThere(determinedPaths(dir).databasePasswordPath),
  'the input of the supervisor was written': ({ dir }) => isThere(determinedPaths(dir).specPath),
  'the supervisor is in the journal': async ({ user }) =>
    (await reopen(user)).record().journal.some(({ kind }) => kind === 'master'),
  'the database is being made': ({ dir }) => isThere(determinedPaths(dir).databaseBegunDir),
  'the database is whole': ({ dir }) => isThere(determinedPaths(dir).databaseDir),
  'the database runs': ({ dir }) => isThere(join(determinedPaths(dir).databaseDir, 'postmaster.pid')),
  'the master runs': ({ program }) => isStarted(program),
};

describe.skipIf(!server)('SIGKILL of the command that starts a master', () => {
  test.for(
    Object.keys(moments),
  )('after %s: nothing is left after the stop, and the next start comes to its end', async (moment, { user }) => {
    const stack = await makeCommandStack(user);
    const { dir } = stack.instance;
    const program = await writeSmallMaster(join(user.dir, 'bin'), { readyAfterMs: 3_000 });
    const env = { ...process.env, HOME: user.dir, XDG_STATE_HOME: user.state, XDG_CACHE_HOME: user.cache };
    const args = [launcher, 'master', 'up', '--name', 'dev', '--master-program', program];
    const starter = spawn(process.execPath, args, { env, stdio: 'ignore' });
    const ended = once(starter, 'exit');
    const look = polling(() => moments[moment]?.({ user, dir, program }) ?? Promise.resolve(false), 5);
    await waitUntil(moment, look, (is) => is || 'not yet', { timeoutMs: 30_000, id: 'cluster.not-started' });
    expect(starter.exitCode).toBeNull();
    starter.kill('SIGKILL');
    await ended;
    await stopMaster(await reopen(user));
    const { determinedDir, databaseDir } = determinedPaths(dir);
    const left = async () => [
      ...(await findByArguments(
        (found) => found.includes(program) || found.some((one) => one.startsWith(determinedDir)),
      )),
      ...(await processesIn(databaseDir)),
    ];
    await expect.poll(left, { timeout: 3_000 }).toEqual([]);
    const again = await stack.master(['up', '--master-program', program, '--json']);
    expect(again.stderr).not.toContain('taskgate:');
    expect(JSON.parse(again.stdout)).toMatchObject({ how: 'started', version: '0.38.1' });
    await stopMaster(await reopen(user));
  });
});
