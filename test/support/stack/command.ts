import { onTestFinished } from 'vitest';
import { stopMaster } from '../../../src/determined/stop.ts';
import type { Instance } from '../../../src/instance/instance.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { finishedInstance } from '../finished-instance.ts';
import type { Ended, User } from '../process/user.ts';

/** An instance in a user's state folder, without its cluster, and the commands that run its master. */
export type CommandStack = {
  readonly instance: Instance;
  /** Of the master. */
  readonly port: number;
  /** `taskgate master ...` as a process of its own. */
  readonly master: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ended>;
};

type Wanted = { readonly name?: string; readonly port?: number };

let made = 0;

/** The test's end stops what runs. */
export const makeCommandStack = async (user: User, { name = 'dev', port }: Wanted = {}): Promise<CommandStack> => {
  made = (made + 1) % 9;
  const instance = await finishedInstance(`${user.state}/taskgate`, name, { index: made });
  const chosen = port ?? (await freePort());
  const { settings } = instance.record();
  if (!settings?.master) throw new Error('a finished instance has settings');
  await instance.change({ settings: { ...settings, master: { ...settings.master, port: chosen } } });
  onTestFinished(async () => void (await stopMaster(instance)));
  const master: CommandStack['master'] = (args, env = {}) =>
    user.run(['master', ...args, '--name', name], { env: { TASKGATE_TIMEOUTS_STAGE_SECONDS: '25', ...env } });
  return { instance, port: chosen, master };
};
