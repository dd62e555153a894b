import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { pidsInCgroups } from '../../../cluster/native/isolation/cgroups.ts';
import type { Instance } from '../../../instance/instance.ts';
import { instancePaths } from '../../../instance/paths.ts';
import { findSupervisorStatus } from '../../../supervisor/status-socket.ts';
import type { FindPid } from './processes.ts';

/** Reads the instance anew: an `up` meanwhile has written another journal. */
export type ReadInstance = () => Promise<Pick<Instance, 'dir' | 'record'>>;

/** Pids of all processes of a native node, as this host has them. */
export const nodePids = async (read: ReadInstance): Promise<readonly number[]> => {
  const { journal } = (await read()).record();
  return pidsInCgroups(journal.flatMap((one) => (one.kind === 'cgroups' ? one.paths : [])));
};

/** The pid of a process in each PID namespace from this one inwards (NSpid of proc(5)). */
export const parseNamespacePids = (status: string): readonly number[] =>
  (/^NSpid:\s*(.*)$/m.exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number);

/** One level further in are the supervisor's children, two levels their containers. */
const childDepth = 2;

/** A process that the supervisor has started, by its name there. */
export const findChild =
  (read: ReadInstance, name: string): FindPid =>
  async () => {
    const status = await findSupervisorStatus(instancePaths((await read()).dir).supervisorSocketPath);
    const inner = status?.children.find((child) => child.name === name)?.pid;
    if (inner === undefined) return undefined;
    for (const pid of await nodePids(read)) {
      const pids = parseNamespacePids(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));
      if (pids.length === childDepth && pids[1] === inner) return pid;
    }
    return undefined;
  };

/** The program of a process; empty for one that is gone or of the kernel. */
export const programOf = async (pid: number): Promise<string> =>
  basename((await readlink(`/proc/${pid}/exe`).catch(() => '')).replace(/ \(deleted\)$/, ''));

/** A process of the node by its program, such as one in a container. */
export const findProgram =
  (read: ReadInstance, program: string): FindPid =>
  async () => {
    for (const pid of await nodePids(read)) if ((await programOf(pid)) === program) return pid;
    return undefined;
  };
