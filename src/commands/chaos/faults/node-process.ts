import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { pidsInCgroups } from '../../../cluster/native/isolation/cgroups.ts';
import type { Instance } from '../../../instance/instance.ts';
import { instancePaths } from '../../../instance/paths.ts';
import type { Pod } from '../../../lib/kube/shapes.ts';
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

/** Whether the PID namespaces of a process are those of a service of the node: no container around it. */
export const isServiceDepth = (status: string): boolean => parseNamespacePids(status).length === childDepth;

const statusOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');

/** Pids of the processes of a native node that are in no container. */
export const servicePids = async (read: ReadInstance): Promise<readonly number[]> => {
  const pids = await nodePids(read);
  const statuses = await Promise.all(pids.map(statusOf));
  return pids.filter((_, index) => isServiceDepth(statuses[index] ?? ''));
};

/** A process that the supervisor has started, by its name there. */
export const findChild =
  (read: ReadInstance, name: string): FindPid =>
  async () => {
    const status = await findSupervisorStatus(instancePaths((await read()).dir).supervisorSocketPath);
    const inner = status?.children.find((child) => child.name === name)?.pid;
    if (inner === undefined) return undefined;
    for (const pid of await nodePids(read)) {
      const pids = parseNamespacePids(await statusOf(pid));
      if (pids.length === childDepth && pids[1] === inner) return pid;
    }
    return undefined;
  };

/** The program of a process; empty for one that is gone or of the kernel. */
export const programOf = async (pid: number): Promise<string> =>
  basename((await readlink(`/proc/${pid}/exe`).catch(() => '')).replace(/ \(deleted\)$/, ''));

/** Whether a process is in a container of one of these pods, by the text of its cgroup file (proc(5)). */
export const isInPods = (cgroup: string, pods: readonly Pod[]): boolean =>
  // kubelet's own cgroups have a uid as it is, those by systemd with underscores
  pods.some(({ metadata: { uid } }) => uid !== undefined && cgroup.replaceAll('_', '-').includes(`pod${uid}`));

type InPods = {
  readonly pidsOf: () => Promise<readonly number[]>;
  readonly podsOf: () => Promise<readonly Pod[]>;
  readonly program: string;
};

/** A process of a program in one of these pods; others may run the same program. */
export const findInPods =
  ({ pidsOf, podsOf, program }: InPods): FindPid =>
  async () => {
    const pods = await podsOf();
    for (const pid of await pidsOf()) {
      const cgroup = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
      if (isInPods(cgroup, pods) && (await programOf(pid)) === program) return pid;
    }
    return undefined;
  };
