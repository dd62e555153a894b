import type { Command } from '../../lib/process/runner.ts';
import type { SetupStep } from '../../supervisor/spec.ts';
import { cgroupMounts, type Hierarchy } from './cgroups.ts';

/** The namespaces of a node, as options of unshare(1); when that exits, everything inside is killed. */
export const namespaceFlags = [
  ...['--net', '--mount', '--pid', '--cgroup', '--ipc', '--uts'],
  ...['--fork', '--kill-child=SIGKILL', '--mount-proc'],
] as const;

/**
 * Starts a command as the only child of pid 1 in new namespaces. The shell in between reaps orphans, which Node.js does
 * not do; when the command exits, the shell exits, and the kernel kills the rest. The process joins its cgroups first, so
 * that they are the root of the cgroup namespace.
 */
export const isolatedCommand = (command: readonly string[], cgroups: readonly string[]): Command => [
  'sh',
  '-c',
  `set -e; for cgroup in ${cgroups.map((path) => `'${path}'`).join(' ')}; do echo $$ > "$cgroup/cgroup.procs"; done; exec "$@"`,
  'join-cgroups',
  'unshare',
  ...namespaceFlags,
  ...['sh', '-c', 'exec 3<&0; "$@" <&3 3<&- & exec 3<&-; wait "$!"', 'reaper'],
  ...command,
];

/**
 * Kernel settings of the whole host, which kubelet sets to these values and never restores (kubelet's
 * setupKernelTunables). Inside the node these files are covered by bind mounts, so that the host's do not change.
 */
const maskedSysctls = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
} as const;

const maskSysctls = (): readonly SetupStep[] =>
  Object.entries(maskedSysctls).flatMap(([name, value]): SetupStep[] => {
    const path = `/run/sysctl/${name}`;
    return [{ write: { path, text: `${value}\n` } }, { run: ['mount', '--bind', path, `/proc/sys/${name}`] }];
  });

/** An instance's folder below /var is mounted again on top of the overlay: it must be the real one. */
const remounted = (instanceDir: string): readonly SetupStep[] =>
  instanceDir.startsWith('/var/') ? [{ run: ['mount', '--rbind', '/run/instance', instanceDir] }] : [];

/**
 * Sets up the mount and network namespaces. /run is new, and writes to /var stay in memory: what kubelet, CNI and
 * containerd write there at fixed paths never reaches the host.
 */
export const namespaceSetup = (hierarchies: readonly Hierarchy[], instanceDir: string): readonly SetupStep[] => [
  { run: ['mount', '--make-rprivate', '/'] },
  { run: ['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run'] },
  { run: ['mkdir', '-p', '/run/netns', '/run/lock', '/run/tmp', '/run/instance', '/run/var', '/run/var-work'] },
  { run: ['mount', '--rbind', instanceDir, '/run/instance'] },
  {
    run: ['mount', '-t', 'overlay', '-o', 'lowerdir=/var,upperdir=/run/var,workdir=/run/var-work', 'overlay', '/var'],
  },
  ...remounted(instanceDir),
  { run: ['mount', '-t', 'sysfs', 'sysfs', '/sys'] },
  ...cgroupMounts(hierarchies),
  ...maskSysctls(),
  { run: ['mount', '--make-rshared', '/'] },
  { run: ['ip', 'link', 'set', 'lo', 'up'] },
  { write: { path: '/proc/sys/net/ipv4/ip_forward', text: '1\n' } },
];
