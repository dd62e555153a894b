// Tested in test/artifacts/sources/debian.test.ts
import { join } from 'node:path';
import type { Arch } from '../model/pins.ts';

/** Paths of the container runtime's programs in an item's folder, as in a Debian root. */
export const runtimePaths = {
  containerd: 'usr/bin/containerd',
  'containerd-shim-runc-v2': 'usr/bin/containerd-shim-runc-v2',
  ctr: 'usr/bin/ctr',
  runc: 'usr/sbin/runc',
  iptables: 'usr/sbin/iptables',
  'iptables-save': 'usr/sbin/iptables-save',
  'iptables-restore': 'usr/sbin/iptables-restore',
  ip6tables: 'usr/sbin/ip6tables',
  'ip6tables-save': 'usr/sbin/ip6tables-save',
  'ip6tables-restore': 'usr/sbin/ip6tables-restore',
} as const;

export type RuntimeProgram = keyof typeof runtimePaths;

export const runtimePrograms = Object.keys(runtimePaths) as readonly RuntimeProgram[];

/** Path of ipset in its item's folder. */
export const ipsetPath = 'usr/sbin/ipset';

export const cniPluginsPath = 'usr/lib/cni';

/** The plugins that a node needs. */
export const cniPlugins = ['ptp', 'host-local', 'loopback', 'portmap'] as const;

const triplets: Readonly<Record<Arch, string>> = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const loaders: Readonly<Record<Arch, string>> = { amd64: 'ld-linux-x86-64.so.2', arm64: 'ld-linux-aarch64.so.1' };

/** The dynamic linker of unpacked packages, which runs their programs with their own libraries. */
export const loaderPath = (dir: string, arch: Arch): string => join(dir, `usr/lib/${triplets[arch]}`, loaders[arch]);

export const libraryFolders = (dir: string, arch: Arch): readonly string[] =>
  [`usr/lib/${triplets[arch]}`, `lib/${triplets[arch]}`].map((path) => join(dir, path));

/** The environment in which unpacked Debian programs find their libraries. */
export const debianEnvironment = (dir: string, arch: Arch): Readonly<Record<string, string>> => {
  return {
    LD_LIBRARY_PATH: libraryFolders(dir, arch).join(':'),
    XTABLES_LIBDIR: join(dir, `usr/lib/${triplets[arch]}/xtables`),
  };
};
