import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { CommandInput } from '../../src/commands/command.ts';
import { createInstance, type Instance } from '../../src/instance/instance.ts';
import { temporaryDir } from './temporary-dir.ts';

/** A user with empty folders, and instances in them that `up` has only begun. */
export const makeUser = async () => {
  const home = await temporaryDir();
  await chmod(home, 0o755);
  const env = { XDG_STATE_HOME: join(home, 'state'), XDG_CACHE_HOME: join(home, 'cache'), HOME: home };
  return {
    stateDir: join(home, 'state', 'taskgate'),
    cacheDir: join(home, 'cache', 'taskgate'),
    begin: (name: string): Promise<Instance> =>
      createInstance(join(home, 'state', 'taskgate'), { name, provider: 'native', cidr: '10.210.0.0/16' }),
    input: (
      settings: Readonly<Record<string, string>> = {},
      json = false,
      more: typeof settings = {},
    ): CommandInput => ({
      invocation: {
        env: { ...env, ...more },
        cwd: home,
        args: [],
        signal: new AbortController().signal,
        isTerminal: false,
      },
      flags: { json, settings },
    }),
  };
};

/** What is written to stdout from now on. */
export const watchStdout = (): (() => string) => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  return () => write.mock.calls.map(([text]) => String(text)).join('');
};
