import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, isIPv4 } from 'node:net';
import { basename } from 'node:path';
import { argumentsOf } from './by-arguments.ts';
import { findSocketInode, listTcpSockets, type TcpSocket } from './sockets.ts';

/** Who listens on a port of this host, as far as this user may see it. */
export type Listener = { readonly uid: number; readonly pid?: number; readonly program?: string };

/** `uid 1001 (alice)`; the name only where /etc/passwd has it. */
const describeUser = async (uid: number): Promise<string> => {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const name = users
    .split('\n')
    .find((line) => line.split(':')[2] === String(uid))
    ?.split(':')[0];
  return `uid ${uid}${name ? ` (${name})` : ''}`;
};

const anyAddress = /^0+$/;

/** An IPv4 address as /proc/net/tcp has it on the processors that taskgate supports, which are little-endian. */
const kernelForm = (address: string): string =>
  address
    .split('.')
    .toReversed()
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();

/** Those who listen on the port in a way that excludes a listener on the address; on an IPv6 one any of them does. */
const findSockets = async (address: string, port: number): Promise<readonly TcpSocket[]> => {
  const own = kernelForm(address);
  const excludes = (other: string): boolean =>
    !isIPv4(address) || anyAddress.test(own) || anyAddress.test(other) || other.endsWith(own);
  return (await listTcpSockets()).filter((one) => one.isListening && one.port === port && excludes(one.address));
};

/** The process that holds a socket. Only root sees those of others. */
const findProcessOf = async (inode: number): Promise<number | undefined> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids.map(Number)) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const inodes = await Promise.all(descriptors.map((one) => findSocketInode(pid, Number(one))));
    if (inodes.includes(inode)) return pid;
  }
  return undefined;
};

/** The name alone: arguments may hold passwords. */
const programOf = async (pid: number): Promise<string | undefined> => {
  const [program = ''] = await argumentsOf(pid);
  return basename(program) || undefined;
};

/** The first program that keeps others from this IPv4 address and port; undefined where none does, or without /proc. */
export const findListener = async (address: string, port: number): Promise<Listener | undefined> => {
  const [socket] = await findSockets(address, port);
  if (!socket) return undefined;
  const pid = await findProcessOf(socket.inode);
  const program = pid === undefined ? undefined : await programOf(pid);
  return { uid: socket.uid, ...(pid !== undefined && { pid }), ...(program !== undefined && { program }) };
};

/** The same in words: the program, or its user where only that is seen. */
export const describeHolder = async (address: string, port: number): Promise<string> => {
  const found = await findListener(address, port);
  if (!found) return 'a program that is not seen from here';
  if (found.pid === undefined) return `a program of ${await describeUser(found.uid)}`;
  return `${found.program ?? 'a program'} (pid ${found.pid})`;
};

/** Another user who holds a port, in words; undefined where it is this user, or nobody can be found. */
export const findStranger = async (
  address: string,
  port: number,
  ownUid = process.getuid?.(),
): Promise<string | undefined> => {
  const stranger = (await findSockets(address, port)).find(({ uid }) => uid !== ownUid);
  return stranger && describeUser(stranger.uid);
};

/** Why nothing can listen on a port of this host now; undefined if something can. Listens for a moment. */
export const findListenFailure = async (port: number, address: string): Promise<Error | undefined> => {
  const server = createServer();
  try {
    await once(server.listen(port, address), 'listening');
    await once(server.close(), 'close');
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
};
