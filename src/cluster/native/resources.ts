import { readFile } from 'node:fs/promises';
import type { NativeResource } from '../../instance/record.ts';
import { hasCode, UserError } from '../../lib/errors.ts';
import { isRunning, type ProcessIdentity, signalProcess } from '../../lib/process/processes.ts';
import type { Runner } from '../../lib/process/runner.ts';
import { parseIpOutput } from '../../lib/text/ip-output.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import { isOwnCgroup, parseHierarchies, pidsInCgroups, removeCgroups } from './isolation/cgroups.ts';
import { isLinkName, listLinksCommand, removeLinkCommand } from './link.ts';

export const nativeKinds = ['cgroups', 'keeper', 'link'] as const satisfies readonly NativeResource['kind'][];

const deadlineMs = 10_000;

/** Sends SIGKILL to the processes in the instance's cgroups, which contain no others, until none is left. */
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
    hint: 'a process that survives SIGKILL is blocked in the kernel; see /proc/PID/stack',
  });
};

const killIfThere = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
};

const hasLink = async (name: string, runner: Runner): Promise<boolean> => {
  const links = parseIpOutput((await runner(listLinksCommand)).stdout);
  return links.some(({ ifname }) => ifname === name);
};

const removeLink = async (name: string, runner: Runner): Promise<void> => {
  if (!(await hasLink(name, runner))) return;
  await runner(removeLinkCommand(name)).catch(async (error) => {
    // a dying network namespace removes its veth pair, perhaps between the two commands
    if (await hasLink(name, runner)) throw error;
  });
};

/** Kills a supervisor and waits until the kernel has ended everything in its namespaces. */
const endSupervisor = async (supervisor: ProcessIdentity): Promise<void> => {
  await signalProcess(supervisor, 'SIGKILL');
  const gone = (running: boolean) => !running || `process ${supervisor.pid} still runs`;
  const look = polling(() => isRunning(supervisor), 10);
  await waitUntil('End of the supervisor', look, gone, { timeoutMs: deadlineMs, id: 'cluster.not-ended' });
};

/** Paths that are no cgroups of ours. Those of a hierarchy that is not mounted any more are gone, and no harm. */
const foreignCgroups = async (paths: readonly string[]): Promise<readonly string[]> => {
  const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
  const usual = /^\/sys\/fs\/cgroup\/((?!\.{1,2}\/)[^/]+\/)?taskgate-[a-z0-9-]+$/;
  return paths.filter((path) => !usual.test(path) && !isOwnCgroup(path, hierarchies));
};

/**
 * The journal is in the user's own folder while this runs as root: only names that taskgate gives are removed.
 * Throws UserError `environment.journal`.
 */
const verifyName = async (resource: NativeResource): Promise<void> => {
  const foreign =
    resource.kind === 'link'
      ? [resource.name].filter((name) => !isLinkName(name))
      : resource.kind === 'cgroups'
        ? await foreignCgroups(resource.paths)
        : [];
  if (foreign.length === 0) return;
  throw new UserError(`the instance's journal names ${foreign[0]}, which taskgate never creates`, {
    id: 'environment.journal',
    hint: 'instance.json was changed by another program; nothing was removed: check it and remove the folder by hand',
  });
};

/** Removes one resource; safe to repeat. Throws a UserError if it cannot be removed. */
export const removeResource = async (resource: NativeResource, runner: Runner): Promise<void> => {
  await verifyName(resource);
  if (resource.kind === 'keeper') return endSupervisor(resource.process);
  if (resource.kind === 'link') return removeLink(resource.name, runner);
  await endProcesses(resource.paths);
  await removeCgroups(resource.paths).catch((cause) => {
    throw new UserError(`cannot remove cgroups of the instance: ${resource.paths[0]}`, {
      id: 'cluster.cgroups-busy',
      hint: 'find the process in it (cgroup.procs), end it, then run down again',
      cause,
    });
  });
};
