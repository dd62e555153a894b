import type { NativeResource } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import { isRunning, type ProcessIdentity, signalProcess } from '../../lib/process/processes.ts';
import type { Runner } from '../../lib/process/runner.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import { pidsInCgroups, removeCgroups } from './cgroups.ts';
import { listLinksCommand, removeLinkCommand } from './link.ts';

export const nativeKinds = ['cgroups', 'keeper', 'link'] as const satisfies readonly NativeResource['kind'][];

const deadlineMs = 10_000;

/** Every process in the instance's cgroups, which hold no others, gets SIGKILL until none is left. */
const endProcesses = async (paths: readonly string[]): Promise<void> => {
  const killAll = async (): Promise<readonly number[]> => {
    const pids = await pidsInCgroups(paths);
    for (const pid of pids) killIfThere(pid);
    return pids;
  };
  const isEmpty = (pids: readonly number[]) => pids.length === 0 || `processes ${pids.join(', ')} still run`;
  await waitUntil('End of the native node', polling(killAll, 20), isEmpty, {
    timeoutMs: deadlineMs,
    id: 'cluster.not-ended',
    hint: 'a process that SIGKILL does not end waits for the kernel; see its state in /proc/PID/stack',
  });
};

const killIfThere = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

const removeLink = async (name: string, runner: Runner): Promise<void> => {
  const { stdout } = await runner(listLinksCommand);
  const links = JSON.parse(stdout) as readonly { readonly ifname: string }[];
  if (links.some(({ ifname }) => ifname === name))
    await runner(removeLinkCommand(name)).catch(ignoreVanished(name, runner));
};

/** A dying network namespace removes its veth pair by itself, perhaps between our look and our command. */
const ignoreVanished = (name: string, runner: Runner) => async (error: unknown) => {
  const { stdout } = await runner(listLinksCommand);
  if ((JSON.parse(stdout) as readonly { ifname: string }[]).some(({ ifname }) => ifname === name)) throw error;
};

/** Ends a keeper and waits until the kernel has ended all that ran in its namespaces. */
const endKeeper = async (keeper: ProcessIdentity): Promise<void> => {
  await signalProcess(keeper, 'SIGKILL');
  const gone = (running: boolean) => !running || `process ${keeper.pid} still runs`;
  await waitUntil(
    'End of the keeper',
    polling(() => isRunning(keeper), 10),
    gone,
    {
      timeoutMs: deadlineMs,
      id: 'cluster.not-ended',
    },
  );
};

/**
 * The journal lies in the user's own folder while this runs as root: what it names is taken away only if it can be ours.
 * Throws UserError `environment.journal`.
 */
const verifyOurs = (resource: NativeResource): void => {
  const strangers =
    resource.kind === 'link'
      ? [resource.name].filter((name) => !/^tg-[0-9a-f]{8}$/.test(name))
      : resource.kind === 'cgroups'
        ? resource.paths.filter((path) => !/^\/sys\/fs\/cgroup\/([^/]+\/)?taskgate-[^/]+$/.test(path))
        : [];
  if (strangers.length === 0) return;
  throw new UserError(`the instance's journal names ${strangers[0]}, which taskgate never makes`, {
    id: 'environment.journal',
    hint: 'somebody changed instance.json; nothing was removed, look at it and remove the folder by hand',
  });
};

/** Takes one resource away; safe to repeat. Throws a UserError when it does not go. */
export const removeResource = async (resource: NativeResource, runner: Runner): Promise<void> => {
  verifyOurs(resource);
  if (resource.kind === 'keeper') return endKeeper(resource.process);
  if (resource.kind === 'link') return removeLink(resource.name, runner);
  await endProcesses(resource.paths);
  await removeCgroups(resource.paths).catch((cause) => {
    throw new UserError(`cgroups of the instance could not be removed: ${resource.paths[0]}`, {
      id: 'cluster.cgroups-busy',
      hint: 'see which process is in it (cgroup.procs), end it, then run down again',
      cause,
    });
  });
};
