import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { hasCode } from '../lib/errors.ts';
import type { KeeperStatus } from './spec.ts';

const timeoutMs = 2_000;

/** Answers each connection to a Unix socket with the present status as one line of JSON. */
export const serveStatus = async (socketPath: string, status: () => KeeperStatus): Promise<void> => {
  await rm(socketPath, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(`${JSON.stringify(status())}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(socketPath, resolve);
  });
};

/** Asks a keeper for its status; undefined when none answers on this socket. */
export const findKeeperStatus = async (socketPath: string): Promise<KeeperStatus | undefined> => {
  const socket = connect(socketPath);
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`keeper gave no status in ${timeoutMs} ms`)));
  try {
    return JSON.parse(await text(socket)) as KeeperStatus;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ECONNREFUSED')) return undefined;
    throw error;
  }
};
