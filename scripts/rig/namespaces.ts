import { readFile, readlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  cgroupMounts,
  cgroupPaths,
  createCgroups,
  parseHierarchies,
} from '../../src/cluster/native/isolation/cgroups.ts';
import { mountSteps } from '../../src/cluster/native/isolation/mount.ts';
import { isolatedCommand } from '../../src/cluster/native/isolation/namespaces.ts';
import { instanceHash } from '../../src/cluster/native/link.ts';
import { hasCode } from '../../src/lib/errors.ts';
import { childrenOf, findProcess, isRunning } from '../../src/lib/process/processes.ts';
import { systemPath } from '../../src/lib/process/system-path.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { type LaunchedDaemon, launchDaemon } from '../../src/supervisor/launch.ts';
import type { Child, SetupStep, SupervisorSpec } from '../../src/supervisor/spec.ts';

/** Where a run's folder shows inside: short, as paths of sockets must be. */
export const insideDir = '/run/rig';

type Hierarchies = Parameters<typeof cgroupMounts>[0];

/** Sets up the namespaces: a /run and an /etc whose changes nobody else sees, their own cgroups and network. */
const setupSteps = (hierarchies: Hierarchies, runDir: string): readonly SetupStep[] => [
  { run: ['mount', '--make-rprivate', '/'] },
  { run: ['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run'] },
  { run: ['mkdir', '-p', '/run/lock', '/run/etc', '/run/etc-work', insideDir] },
  { run: ['mount', '--bind', runDir, insideDir] },
  // dockerd writes a key there
  {
    run: ['mount', '-t', 'overlay', '-o', 'lowerdir=/etc,upperdir=/run/etc,workdir=/run/etc-work', 'overlay', '/etc'],
  },
  // the machine's own cgroups, hidden below a new /sys, would still be in the list of mounts
  { run: ['umount', '--recursive', '--lazy', '/sys/fs/cgroup'] },
  { run: ['mount', '-t', 'sysfs', 'sysfs', '/sys'] },
  ...mountSteps(cgroupMounts(hierarchies)),
  { run: ['ip', 'link', 'set', 'lo', 'up'] },
  { write: { path: '/proc/sys/net/ipv4/ip_forward', text: '1\n' } },
  // who dials a Service before kube-proxy knows it gets an error at once, not after a timeout of 30 s
  { write: { path: '/proc/sys/net/ipv4/icmp_ratelimit', text: '0\n' } },
];

/** Namespaces in which something runs. */
export type Namespaces = {
  /** Their first process, as the host numbers it. */
  readonly pid: number;
  readonly runDir: string;
  /** Ends all that runs inside, and waits until the machine is as before. */
  readonly end: () => Promise<void>;
};

export type NamespacesInput = {
  readonly runDir: string;
  readonly templatesDir: string;
  /** What runs in them. */
  readonly child: Child;
};

const launch = async (
  { runDir, templatesDir, child }: NamespacesInput,
  signal: AbortSignal,
): Promise<LaunchedDaemon> => {
  const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
  const cgroups = cgroupPaths(hierarchies, `rig-${instanceHash(runDir)}`);
  const logsDir = join(runDir, 'logs');
  const specPath = join(runDir, 'keeper.json');
  const spec: SupervisorSpec = {
    instance: basename(runDir),
    socketPath: join(runDir, 'keeper.sock'),
    logsDir,
    setup: setupSteps(hierarchies, runDir),
    children: [child],
  };
  await writeFile(specPath, JSON.stringify(spec));
  await createCgroups(cgroups);
  const supervisor = isolatedCommand(
    [process.execPath, join(import.meta.dirname, '..', 'supervisor.ts'), specPath],
    cgroups,
  );
  return launchDaemon(['sh', join(templatesDir, 'around.sh'), runDir, ...cgroups, '--', ...supervisor], {
    logPath: join(runDir, 'keeper.log'),
    logsDir,
    env: { PATH: systemPath.join(':') },
    signal,
    timeoutMs: 60_000,
  });
};

/** Waits until a process that cleans up has done so. */
const endOf = async (pid: number): Promise<() => Promise<unknown>> => {
  const identity = await findProcess(pid);
  const look = async () => identity !== undefined && (await isRunning(identity));
  const judge = (runs: boolean) => !runs || `process ${pid} still cleans up`;
  return () => waitUntil('End of the rig', polling(look, 50), judge, { timeoutMs: 60_000, id: 'cluster.not-ended' });
};

/** What names a process's network namespace; undefined when the process is gone. */
const findNetwork = async (pid: number | 'self'): Promise<string | undefined> => {
  try {
    return await readlink(`/proc/${pid}/ns/net`);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
};

/** The process below this one that is in other namespaces than we are. */
const getInner = async (pid: number): Promise<number> => {
  const own = await findNetwork('self');
  for (const child of await childrenOf(pid)) {
    for (const inner of await childrenOf(child)) {
      const network = await findNetwork(inner);
      if (network !== undefined && network !== own) return inner;
    }
  }
  throw new Error(`no process below ${pid} is in namespaces of its own`);
};

/** Runs a child in namespaces of its own, which end with this process however that ends. */
export const startNamespaces = async (input: NamespacesInput, signal: AbortSignal): Promise<Namespaces> => {
  const ending = new AbortController();
  const supervisor = await launch(input, ending.signal);
  const { pid } = supervisor;
  if (pid === undefined) return supervisor.ended;
  const ended = await endOf(pid);
  const end = async () => {
    ending.abort();
    await ended();
  };
  try {
    await supervisor.untilSetUp();
    supervisor.go();
    await supervisor.untilReady(input.child.name);
    signal.throwIfAborted();
    return { pid: await getInner(pid), runDir: input.runDir, end };
  } catch (error) {
    await end();
    throw error;
  }
};
