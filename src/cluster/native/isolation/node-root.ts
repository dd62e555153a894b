import { join } from 'node:path';
import { instancePaths } from '../../../instance/paths.ts';
import { sha256 } from '../../../lib/files.ts';
import type { SetupStep } from '../../../supervisor/spec.ts';
import { cgroupMounts, type Hierarchy } from './cgroups.ts';
import type { HostTree } from './host-tree.ts';
import type { Mount } from './mount.ts';

/**
 * Where the new tree is built, before it takes the place of the old one: the one folder that every host has, and from which
 * nothing is mounted into the new tree.
 */
const newRoot = '/sys';
const oldRoot = '/mnt';

const bind = (path: string, more = ''): Mount => ({ source: path, target: path, type: 'none', options: `bind${more}` });
const bindTo = (source: string, target: string, more = ''): Mount => ({ ...bind(source, more), target });
const inNewRoot = (path: string): string => join(newRoot, path);

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

const sysctlFile = (name: string): string => `/run/sysctl/${name}`;

/** The network's settings belong to the network namespace and stay writable; all others are the host's. */
const procMounts = ({ emptied, sealed }: HostTree): readonly Mount[] => [
  { source: 'proc', target: '/proc', type: 'proc', options: 'defaults' },
  ...['/proc/sys', ...sealed].map((path) => bindTo(inNewRoot(path), path, ',ro')),
  bind('/proc/sys/net'),
  ...Object.keys(maskedSysctls).map((name) => bindTo(inNewRoot(sysctlFile(name)), `/proc/sys/${name}`)),
  ...emptied.map((path) => bindTo(inNewRoot('/dev/null'), path)),
];

const devMounts: readonly Mount[] = [
  // kubelet does not start without it; the kernel's log is the host's
  bindTo(inNewRoot('/dev/null'), '/dev/kmsg'),
  { source: 'devpts', target: '/dev/pts', type: 'devpts', options: 'newinstance,ptmxmode=0666,mode=620' },
];

/** Everything that is mounted in a node's tree, in this order. */
export const mountTable = (
  tree: HostTree,
  hierarchies: readonly Hierarchy[],
  instanceDir: string,
): readonly Mount[] => {
  const { nodeDir, logsDir } = instancePaths(instanceDir);
  return [
    ...tree.programs.map((path) => bind(path, ',ro')),
    ...devMounts,
    ...procMounts(tree),
    { source: 'sysfs', target: '/sys', type: 'sysfs', options: 'ro' },
    ...cgroupMounts(hierarchies),
    bind(nodeDir),
    bind(logsDir),
  ];
};

const escaped = (path: string): string =>
  path.replaceAll(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** The table as fstab(5), with targets below the new root. Folders of targets are made. */
export const renderFstab = (mounts: readonly Mount[]): string =>
  mounts
    .map(({ source, target, type, options }) => {
      const fields = [escaped(source), escaped(inNewRoot(target)), type, `${options},X-mount.mkdir`, '0', '0'];
      return `${fields.join(' ')}\n`;
    })
    .join('');

const accounts = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  group: 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
} as const;

/** The files of the new tree: those that are read there, and empty ones to be mounted over. */
const filesOf = (
  { programFiles }: HostTree,
  mounts: readonly Mount[],
  instanceDir: string,
): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(programFiles.map((path) => [path, ''])),
  ...Object.fromEntries(Object.entries(accounts).map(([name, text]) => [`/etc/${name}`, text])),
  ...Object.fromEntries(Object.entries(maskedSysctls).map(([name, value]) => [sysctlFile(name), `${value}\n`])),
  // as of machine-id(5): 32 hexadecimal digits
  '/etc/machine-id': `${sha256(instanceDir).slice(0, 32)}\n`,
  '/dev/kmsg': '',
  '/run/fstab': renderFstab(mounts),
});

const folders = ['/proc', '/sys', '/root', '/opt', '/run/netns', '/run/lock', '/var/lib', '/var/log', oldRoot];
/** Writable by everyone. */
const sharedFolders = ['/tmp', '/var/tmp', '/run/tmp', '/dev/shm'];

const copy = (options: readonly string[], paths: readonly string[]): readonly SetupStep[] =>
  paths.length === 0 ? [] : [{ run: ['cp', ...options, '--parents', ...paths, newRoot] }];

/** Without a trace in /run/mount/utab, which is the host's until the tree is in place (libmount's private options). */
const mount = (...args: readonly string[]): SetupStep => ({ run: ['mount', '--no-mtab', ...args] });

/**
 * Builds a tree of the node's own in memory, with what it needs of the host bound into it, makes it the root of everything
 * in the mount namespace, and gives up the host's. The supervisor's own program stays mapped from the host's tree: those
 * mounts are made read-only first, since /proc/PID/exe leads there.
 */
export const nodeRootSetup = (
  tree: HostTree,
  hierarchies: readonly Hierarchy[],
  instanceDir: string,
): readonly SetupStep[] => {
  const mounts = mountTable(tree, hierarchies, instanceDir);
  const files = Object.entries(filesOf(tree, mounts, instanceDir));
  return [
    mount('--make-rprivate', '/'),
    mount('-t', 'tmpfs', '-o', 'mode=755', 'taskgate', newRoot),
    ...files.map(([path, text]): SetupStep => ({ write: { path: inNewRoot(path), text } })),
    { run: ['mkdir', '-p', ...folders.map(inNewRoot)] },
    { run: ['mkdir', '-p', '-m', '1777', ...sharedFolders.map(inNewRoot)] },
    ...copy(['-dR', '--preserve=mode'], tree.copied),
    ...copy(['-L'], tree.etcFiles),
    { run: ['ln', '-s', 'pts/ptmx', inNewRoot('/dev/ptmx')] },
    mount('--all', '--fstab', inNewRoot('/run/fstab')),
    { run: ['pivot_root', newRoot, inNewRoot(oldRoot)] },
    ...tree.programMounts.map((path): SetupStep => mount('-o', 'remount,bind,ro', join(oldRoot, path))),
    { run: ['umount', '--lazy', oldRoot] },
    mount('--make-rshared', '/'),
  ];
};
