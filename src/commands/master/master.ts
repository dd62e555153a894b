// Tested in test/e2e/with-master.test.ts
import { masterChild } from '../../determined/spec.ts';
import { stopMaster } from '../../determined/stop.ts';
import type { Instance } from '../../instance/instance.ts';
import { withInstanceLock } from '../../instance/lock.ts';
import { UserError } from '../../lib/errors.ts';
import { describeProgress } from '../../lib/progress.ts';
import type { CommandContext } from '../../providers/context.ts';
import { type CommandInput, print, printJson, printNote, printProgress, readConfig, readMade } from '../command.ts';
import { logs } from '../logs/logs.ts';
import { getInstance } from '../open-instance.ts';
import { describeLeft, type LeftDatabase, leaveDatabase } from './database.ts';
import { type EnsuredMaster, ensureMaster } from './ensure.ts';
import { keptWithMaster, keptWithoutMaster } from './kept.ts';
import { describeLogin } from './login.ts';
import { findMasterStatus, type MasterStatus } from './look.ts';
import { verifyMasterSettings } from './programs.ts';

/** Starts the master of an instance, over that and others; safe to repeat. */
export const masterUp = async (input: CommandInput): Promise<void> => {
  const { context, warnings } = await readConfig(input);
  for (const warning of warnings) printNote(warning);
  const work = async (): Promise<readonly [Instance, EnsuredMaster]> => {
    const instance = await getInstance(context);
    // nothing is kept that no later run could start from
    await verifyMasterSettings({ ...context.config, withMaster: true });
    await instance.change(keptWithMaster(instance.record(), context.chosen?.given));
    const report = (what: Parameters<typeof describeProgress>[0]) => printProgress(describeProgress(what));
    return [
      instance,
      await ensureMaster(instance, context, { signal: context.signal, report, warn: (text) => printNote(text) }),
    ];
  };
  const [instance, master] = await withInstanceLock(context, work, (text) => printNote(text));
  if (input.flags.json) return printJson(master);
  print(await describeLogin(master, instance));
};

export type MasterDownFlags = { readonly removeData: boolean };

/** Stops the master and its database; their data stays unless it is to go. */
export const masterDown = async (input: CommandInput, { removeData }: MasterDownFlags): Promise<void> => {
  const { context } = await readMade(input);
  const work = async (): Promise<readonly [boolean, LeftDatabase]> => {
    const instance = await getInstance(context);
    const wasThere = await stopMaster(instance);
    await instance.change(keptWithoutMaster(instance.record()));
    return [wasThere, await leaveDatabase(instance, { removeData })];
  };
  const [wasThere, left] = await withInstanceLock(context, work, (text) => printNote(text));
  if (input.flags.json)
    return printJson({ instance: context.config.name, stopped: wasThere, dataRemoved: left.own === 'removed' });
  const data = describeLeft(left);
  print(wasThere ? `the master and its database were stopped; ${data}` : `no master runs; ${data}`);
};

const getStatus = async (context: CommandContext): Promise<MasterStatus> => {
  const status = await findMasterStatus(await getInstance(context));
  if (status) return status;
  throw new UserError(`instance ${context.config.name} runs no master`, {
    id: 'environment.no-own-master',
    hint: `start one: taskgate master up --name ${context.config.name}`,
  });
};

/** Throws UserError `environment.no-own-master` where the instance has none. */
export const masterStatus = async (input: CommandInput): Promise<void> => {
  const { context } = await readMade(input);
  const status = await getStatus(context);
  if (input.flags.json) return printJson(status);
  const processes = status.processes.map(
    ({ name, state, restarts }) => `  ${name}: ${state}${restarts > 0 ? ` (restarted ${restarts}x)` : ''}`,
  );
  const login = status.passwordFile === undefined ? [] : [`  admin's first password: ${status.passwordFile}`];
  print([`${status.state}: ${status.url}`, ...processes, ...login].join('\n'));
};

/** The log of the master; that of its database is `logs postgres`. */
export const masterLogs = (input: CommandInput): Promise<void> => logs(input, masterChild);
