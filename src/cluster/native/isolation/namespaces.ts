import type { Command } from '../../../lib/process/runner.ts';
import type { SetupStep } from '../../../supervisor/spec.ts';
import type { Hierarchy } from './cgroups.ts';
import type { HostTree } from './host-tree.ts';
import { nodeRootSetup } from './node-root.ts';

/** The namespaces of a node, as options of unshare(1); when that exits, everything inside is killed. */
export const namespaceFlags = [
  ...['--net', '--mount', '--pid', '--cgroup', '--ipc', '--uts'],
  ...['--fork', '--kill-child=SIGKILL', '--mount-proc'],
] as const;

/**
 * Capabilities that no process of a node has, privileged pods included, and which kubelet, containerd and runc do without:
 * they reach the host past every namespace. dac_read_search opens any file of a file system by its inode (open_by_handle_at(2)); linux_immutable makes files that
 * `down` could not remove.
 */
export const droppedCapabilities: readonly string[] = [
  ...['audit_control', 'audit_read', 'block_suspend', 'dac_read_search', 'linux_immutable', 'mac_admin'],
  ...['mac_override', 'sys_boot', 'sys_module', 'sys_pacct', 'sys_rawio', 'sys_time', 'sys_tty_config'],
  ...['syslog', 'wake_alarm'],
];

/** Puts a command, which follows, into these cgroups. */
const joining = (cgroups: readonly string[]): Command => [
  'sh',
  '-c',
  `set -e; cd /; for cgroup in ${cgroups.map((path) => `'${path}'`).join(' ')}; do echo $$ > "$cgroup/cgroup.procs"; done; exec "$@"`,
  'join-cgroups',
];

/** Takes capabilities from a command, which follows. */
const dropping = (dropped: readonly string[]): readonly string[] =>
  dropped.length === 0 ? [] : ['setpriv', `--bounding-set=${dropped.map((name) => `-${name}`).join(',')}`];

/**
 * Runs a command among the processes of a node, whose first is `pid`, with no more rights than they have: root in the node
 * can put another program in the place of any that is started there.
 */
export const insideCommand = (command: Command, pid: number, cgroups: readonly string[]): Command => [
  ...joining(cgroups),
  ...dropping(droppedCapabilities),
  ...['nsenter', '--target', String(pid), '--net', '--mount', '--pid', '--cgroup', '--ipc', '--uts'],
  ...command,
];

export type Isolation = {
  /** Capabilities that none of the processes has. */
  readonly dropped?: readonly string[];
  /** The path of unshare(1), or a copy of it. */
  readonly unshare?: string;
};

/**
 * Starts a command as the only child of pid 1 in new namespaces. The shell in between reaps orphans, which Node.js does
 * not do; when the command exits, the shell exits, and the kernel kills the rest. The process joins its cgroups first, so
 * that they are the root of the cgroup namespace.
 */
export const isolatedCommand = (
  command: readonly string[],
  cgroups: readonly string[],
  { dropped = [], unshare = 'unshare' }: Isolation = {},
): Command => [
  ...joining(cgroups),
  unshare,
  ...namespaceFlags,
  ...dropping(dropped),
  ...['sh', '-c', 'exec 3<&0; "$@" <&3 3<&- & exec 3<&-; wait "$!"', 'reaper'],
  ...command,
];

/**
 * Sets up the mount and network namespaces: a file tree of the node's own, the loopback link and forwarding. Writes outside
 * the instance's `node` and `logs` stay in memory.
 */
export const namespaceSetup = (
  tree: HostTree,
  hierarchies: readonly Hierarchy[],
  instanceDir: string,
): readonly SetupStep[] => [
  ...nodeRootSetup(tree, hierarchies, instanceDir),
  { run: ['ip', 'link', 'set', 'lo', 'up'] },
  { write: { path: '/proc/sys/net/ipv4/ip_forward', text: '1\n' } },
];
