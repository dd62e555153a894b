import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { findSocketInode, listTcpSockets } from './sockets.ts';

/** Who listens on a port of this host, as far as this user may see it. */
export type Listener = { readonly uid: number; readonly pid?: number; readonly program?: string };

/** The process that holds a socket. Only root sees those of others. */
const findHolder = async (inode: number): Promise<number | undefined> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      if ((await findSocketInode(Number(pid), Number(descriptor))) === inode) return Number(pid);
    }
  }
  return undefined;
};

/** The name alone: arguments may hold passwords. */
const programOf = async (pid: number): Promise<string | undefined> => {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return basename(text.split('\0')[0] ?? '') || undefined;
};

/** The first program that listens on a port; undefined where none does, or on a system without /proc. */
export const findListener = async (port: number): Promise<Listener | undefined> => {
  const socket = (await listTcpSockets()).find((one) => one.isListening && one.port === port);
  if (!socket) return undefined;
  const pid = await findHolder(socket.inode);
  const program = pid === undefined ? undefined : await programOf(pid);
  return { uid: socket.uid, ...(pid !== undefined && { pid }), ...(program !== undefined && { program }) };
};
