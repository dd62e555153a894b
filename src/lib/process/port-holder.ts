import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { listTcpSockets } from './sockets.ts';

/** `uid 1001 (alice)`; the name only where /etc/passwd has it. */
export const describeUser = async (uid: number): Promise<string> => {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const name = users
    .split('\n')
    .find((line) => line.split(':')[2] === String(uid))
    ?.split(':')[0];
  return `uid ${uid}${name ? ` (${name})` : ''}`;
};

const hasSocket = async (pid: string, inode: number): Promise<boolean> => {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(descriptors.map((one) => readlink(`/proc/${pid}/fd/${one}`).catch(() => '')));
  return targets.includes(`socket:[${inode}]`);
};

/** The process that has a socket, as far as this user may see it. */
const findProgram = async (inode: number): Promise<string | undefined> => {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (!(await hasSocket(pid, inode))) continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'a program');
    return `${name.trim()} (pid ${pid})`;
  }
  return undefined;
};

/** Who listens on a port of this host, in words: the program, or its user where only that is seen. */
export const describeHolder = async (port: number): Promise<string> => {
  const socket = (await listTcpSockets()).find((one) => one.isListening && one.port === port);
  if (!socket) return 'a program that is not seen from here';
  return (await findProgram(socket.inode)) ?? `a program of ${await describeUser(socket.uid)}`;
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
