import type { Command } from '../../lib/process/runner.ts';
import type { SetupStep } from '../../supervisor/spec.ts';
import { cgroupMounts, type Hierarchy } from './cgroups.ts';

/** The namespaces of a node, as unshare(1) takes them; its end ends all that runs inside. */
export const namespaceFlags = [
  ...['--net', '--mount', '--pid', '--cgroup', '--ipc', '--uts'],
  ...['--fork', '--kill-child=SIGKILL', '--mount-proc'],
] as const;

/**
 * Starts a command as the only child of pid 1 in namespaces of its own. The shell in between is there to reap
 * orphans, which Node.js does not do; when the command ends, the shell ends, and the kernel ends all the rest.
 * The process joins its cgroups first, so that the cgroup namespace is rooted in them.
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
 * Kernel settings that are the host's own, which kubelet sets to these values and never puts back
 * (kubelet's setupKernelTunables). It is shown files of ours in their place, so that the host's stay as they are.
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

/** What hides under /var is shown again: the instance's folder must be the real one. */
const shownAgain = (instanceDir: string): readonly SetupStep[] =>
  instanceDir.startsWith('/var/') ? [{ run: ['mount', '--rbind', '/run/instance', instanceDir] }] : [];

/**
 * Furnishes the mount and network namespaces. /run is new, and /var takes writes in memory only: what kubelet, CNI
 * and containerd leave there at fixed paths never reaches the host.
 */
export const namespaceSetup = (hierarchies: readonly Hierarchy[], instanceDir: string): readonly SetupStep[] => [
  { run: ['mount', '--make-rprivate', '/'] },
  { run: ['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run'] },
  { run: ['mkdir', '-p', '/run/netns', '/run/lock', '/run/tmp', '/run/instance', '/run/var', '/run/var-work'] },
  { run: ['mount', '--rbind', instanceDir, '/run/instance'] },
  {
    run: ['mount', '-t', 'overlay', '-o', 'lowerdir=/var,upperdir=/run/var,workdir=/run/var-work', 'overlay', '/var'],
  },
  ...shownAgain(instanceDir),
  { run: ['mount', '-t', 'sysfs', 'sysfs', '/sys'] },
  ...cgroupMounts(hierarchies),
  ...maskSysctls(),
  { run: ['mount', '--make-rshared', '/'] },
  { run: ['ip', 'link', 'set', 'lo', 'up'] },
  { write: { path: '/proc/sys/net/ipv4/ip_forward', text: '1\n' } },
];
