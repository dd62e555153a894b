// Tested in test/e2e/with-master.test.ts
import { findMasterKeeper } from '../../determined/stop.ts';
import { findAdminPassword } from '../../instance/admin-password.ts';
import type { Instance } from '../../instance/instance.ts';
import { determinedPaths, instancePaths } from '../../instance/paths.ts';
import type { Problem } from '../../model/problem.ts';
import { isHopeless, type SupervisorStatus } from '../../supervisor/spec.ts';
import { findSupervisorStatus } from '../../supervisor/status-socket.ts';
import { masterUrl } from './ensure.ts';

/** The master that an instance runs, as `status` shows it. */
export type MasterStatus = {
  readonly state: 'running' | 'starting' | 'stopped';
  /** Of its web UI and API. */
  readonly url: string;
  /** Its first users are `admin` and `determined`; undefined where the password was not made. */
  readonly passwordFile?: string;
  readonly processes: SupervisorStatus['children'];
};

/** The master of an instance that has one in its journal, running or crashed; undefined where it has none. */
export const findMasterStatus = async (instance: Instance): Promise<MasterStatus | undefined> => {
  const { journal, settings } = instance.record();
  if (!journal.some(({ kind }) => kind === 'master') || !settings?.master) return undefined;
  const { port, tls = false } = settings.master;
  const isRunning = (await findMasterKeeper(instance)) !== undefined;
  const keeper = isRunning ? await findSupervisorStatus(determinedPaths(instance.dir).socketPath) : undefined;
  const processes = keeper?.children ?? [];
  const isReady = processes.length > 0 && processes.every(({ state }) => state === 'ready');
  const hasPassword = (await findAdminPassword(instance)) !== undefined;
  return {
    state: isReady ? 'running' : isRunning ? 'starting' : 'stopped',
    url: masterUrl(port, tls),
    ...(hasPassword && { passwordFile: instancePaths(instance.dir).passwordPath }),
    processes,
  };
};

/** What is wrong with it, and the command that mends it. */
export const problemsOfMaster = (
  { state, processes }: MasterStatus,
  { name: instance, again }: { readonly name: string; readonly again: string },
): readonly Problem[] => {
  if (state === 'stopped') {
    const message =
      'the master and its database are gone: they were killed, or the machine was restarted; data is kept';
    return [{ id: 'environment.master-stopped', message, hint: again }];
  }
  if (processes.length === 0) {
    return [{ id: 'environment.master-silent', message: 'the supervisor of the master does not answer', hint: again }];
  }
  return processes.filter(isHopeless).map(({ name, lastExit = 'it did not say how' }) => ({
    id: 'environment.master-not-started',
    message: `${name} does not come up: ${lastExit}`,
    hint: `see its log: taskgate logs ${name} --name ${instance}`,
  }));
};
