import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { makeSudoer } from '../process/sudoer.ts';
import { openRepository } from '../process/user.ts';
import type { Ended } from './taskgate.ts';

const numberOf = async (flag: '-u' | '-g', name: string): Promise<number> =>
  Number((await execa('id', [flag, name])).stdout);

/**
 * An ordinary user of this machine with an empty home, who may use sudo. `run` is taskgate as that user types it; with
 * `runWithoutSudo` the first sudo in PATH refuses.
 */
export const makeSudoUser = async (masterPort: number) => {
  const { name, dir: home, remove } = await makeSudoer(false);
  const [uid, gid] = [await numberOf('-u', name), await numberOf('-g', name)];
  const closedBin = join(home, 'closed-bin');
  await mkdir(closedBin);
  await writeFile(join(closedBin, 'sudo'), '#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n', {
    mode: 0o755,
  });
  await execa('chown', ['-R', `${uid}:${gid}`, home]);
  const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups'];
  const start = async (args: readonly string[], path: string): Promise<Ended> => {
    const [first = '', ...rest] = [...openRepository.prefix, ...asUser, ...openRepository.program, ...args];
    const env = { HOME: home, PATH: path, TASKGATE_MASTER_PORT: String(masterPort) };
    const options = { cwd: home, env, extendEnv: false, stdin: 'ignore', reject: false } as const;
    const { exitCode = 1, stdout, stderr } = await execa(first, rest, options);
    return { exitCode, stdout, stderr };
  };
  const path = process.env['PATH'] ?? '';
  return {
    ...{ name, uid, gid, home },
    stateDir: join(home, '.local', 'state', 'taskgate'),
    cacheDir: join(home, '.cache', 'taskgate'),
    run: (...args: readonly string[]) => start(args, path),
    runWithoutSudo: (...args: readonly string[]) => start(args, `${closedBin}:${path}`),
    close: async (...names: readonly string[]): Promise<void> => {
      for (const one of names) await start(['down', '--name', one, '--if-exists'], path);
      await remove();
    },
  };
};

export type SudoUser = Awaited<ReturnType<typeof makeSudoUser>>;
