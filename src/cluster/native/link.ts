import { sha256 } from '../../lib/files.ts';
import type { Command } from '../../lib/process/runner.ts';
import type { NativeNetwork } from './network.ts';

/**
 * Identifies an instance on the whole host: two users, or two state folders, may both have an instance `dev`. Short,
 * since the name of a link has at most 15 characters.
 */
export const instanceHash = (instanceDir: string): string => sha256(instanceDir).slice(0, 8);

/** Name of the host's end of an instance's veth pair. */
export const linkName = (instanceDir: string): string => `tg-${instanceHash(instanceDir)}`;

export const isLinkName = (name: string): boolean => /^tg-[0-9a-f]{8}$/.test(name);

/** Creates the veth pair between the host and the network namespace of process `pid`, with addresses and routes. */
export const linkCommands = (link: string, pid: number, network: NativeNetwork): readonly Command[] => [
  ['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)],
  ['ip', 'address', 'add', `${network.hostAddress}/24`, 'dev', link],
  ['ip', 'link', 'set', link, 'up'],
  inside(pid, ['ip', 'address', 'add', `${network.nodeAddress}/24`, 'dev', 'eth0']),
  inside(pid, ['ip', 'link', 'set', 'eth0', 'up']),
  // without a default route the node's own processes cannot reach ClusterIPs
  inside(pid, ['ip', 'route', 'add', 'default', 'via', network.hostAddress]),
  ['ip', 'route', 'add', network.cidr, 'via', network.nodeAddress],
];

const inside = (pid: number, command: Command): Command => ['nsenter', '--target', String(pid), '--net', ...command];

/** Removes the veth pair; its routes go with it. */
export const removeLinkCommand = (link: string): Command => ['ip', 'link', 'delete', link];

export const listLinksCommand: Command = ['ip', '-json', 'link', 'show'];
