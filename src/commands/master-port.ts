import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { listInstances } from '../instance/instance.ts';
import { UserError } from '../lib/errors.ts';
import { findListener, type Listener } from '../lib/process/port-holder.ts';
import { findMasterInfo } from '../proof/probe/master-info.ts';
import { findMaster } from '../proof/probe/placeholder-master.ts';
import type { CommandContext } from '../providers/context.ts';

const loopback = '127.0.0.1';
/** A proof of another instance that ends just now closes its placeholder. */
const looks = 3;
const pauseMs = 300;

/** What answers on a port of this host, where that is no master: neither by http nor by https. */
const findForeign = async (port: number, left = looks): Promise<string | undefined> => {
  const target = { host: loopback, port };
  const found = await findMaster(target);
  if (found.kind !== 'foreign' || (await findMasterInfo(target))) return undefined;
  if (left <= 1) return found.seen;
  await pause(pauseMs);
  return findForeign(port, left - 1);
};

/** The tunnel daemon of an instance holds the ports of its forwards. */
const findInstanceOf = async (stateDir: string, { pid }: Listener): Promise<string | undefined> => {
  const all = await listInstances(stateDir).catch(() => []);
  const isOf = (journal: (typeof all)[number]['journal']) =>
    journal.some((one) => 'process' in one && one.process.pid === pid);
  return pid === undefined ? undefined : all.find(({ journal }) => isOf(journal))?.name;
};

const describe = ({ uid, pid, program }: Listener, instance: string | undefined): string => {
  if (pid === undefined) return `a program of user ${uid}`;
  return `${program ?? 'a program'} (pid ${pid}${instance === undefined ? '' : `, the tunnel daemon of instance ${instance}`})`;
};

/** The master is elsewhere: what this host's port has is nobody's matter. */
const isElsewhere = ({ master: { reach, host } }: Pick<Config, 'master'>): boolean =>
  reach === 'url' || ((reach === 'auto' || reach === 'direct') && host !== undefined);

/**
 * Throws UserError `environment.master-port` where the master's port on this host belongs to something that is no Determined
 * master: tasks would reach that, and the proof would fail at the very end. Tested in test/commands/master-port.test.ts.
 */
export const verifyMasterPort = async ({
  config,
  folders,
}: Pick<CommandContext, 'config' | 'folders'>): Promise<void> => {
  if (isElsewhere(config)) return;
  const { port } = config.master;
  const seen = await findForeign(port);
  if (seen === undefined) return;
  const listener = await findListener(loopback, port);
  const who = listener ? describe(listener, await findInstanceOf(folders.stateDir, listener)) : 'a program';
  throw new UserError(
    `the master's port ${port} on this host is in use by ${who}, which is no Determined master: ${seen}`,
    {
      id: 'environment.master-port',
      hint: 'stop it, or choose another port for the master: --master-port PORT',
    },
  );
};
