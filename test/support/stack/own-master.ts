import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type EnsuredMaster, ensureMaster } from '../../../src/commands/master/ensure.ts';
import type { Config } from '../../../src/config/config.ts';
import { stopMaster } from '../../../src/determined/stop.ts';
import type { Instance } from '../../../src/instance/instance.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import type { CommandContext } from '../../../src/providers/context.ts';
import { commandContext } from '../context.ts';
import { finishedInstance } from '../finished-instance.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { writeSmallMaster } from './small-master.ts';

const supervisor = join(import.meta.dirname, '../../../scripts/supervisor.ts');

type Change = {
  readonly master?: Partial<Config['master']>;
  readonly dbUrl?: string;
  readonly origins?: Readonly<Record<string, string>>;
  readonly reset?: readonly string[];
};

export type OwnMaster = {
  readonly home: string;
  readonly instance: Instance;
  readonly port: number;
  /** Another instance, with a master on the same port. */
  readonly add: (name: string, index: number) => Promise<Instance>;
  readonly contextOf: (change?: Change) => CommandContext;
  /** As `up --with-master` and `master up` do, with the master's stand-in and this machine's PostgreSQL. */
  readonly ensure: (change?: Change, signal?: AbortSignal) => Promise<EnsuredMaster>;
  /** What the user was warned of. */
  readonly warnings: readonly string[];
};

/** An instance `one` as `up` leaves it, without its cluster; the test's end stops its master. */
export const makeOwnMaster = async (): Promise<OwnMaster> => {
  const home = await temporaryDir();
  const [port, program] = [await freePort(), await writeSmallMaster(home)];
  const folders = { stateDir: join(home, 's'), cacheDir: join(home, 'cache') };
  const add: OwnMaster['add'] = async (name, index) => {
    const made = await finishedInstance(folders.stateDir, name, { index });
    const { settings } = made.record();
    if (!settings?.master) throw new Error('it was finished');
    await made.change({ settings: { ...settings, master: { ...settings.master, port } } });
    return made;
  };
  const instance = await add('one', 0);
  onTestFinished(async () => void (await stopMaster(instance)));
  const contextOf: OwnMaster['contextOf'] = ({ master = {}, dbUrl, origins = {}, reset = [] } = {}) => {
    const plain = commandContext({ name: 'one', folders });
    const config = { ...plain.config, withMaster: true, ...(dbUrl !== undefined && { dbUrl }) };
    return {
      ...plain,
      config: { ...config, master: { ...plain.config.master, port, program, ...master } },
      folders: { ...plain.folders, supervisorCommand: [process.execPath, supervisor] },
      chosen: { given: {}, origins, reset },
      runner: execaRunner,
      env: { PATH: process.env['PATH'] },
    };
  };
  const warnings: string[] = [];
  const ensure: OwnMaster['ensure'] = (change, signal = new AbortController().signal) =>
    ensureMaster(instance, contextOf(change), {
      ...{ signal, report: () => undefined, warn: (text: string) => void warnings.push(text) },
    });
  return { ...{ home, instance, port, add, contextOf, ensure, warnings } };
};
