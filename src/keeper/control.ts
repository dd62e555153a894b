import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { hasCode } from '../lib/errors.ts';
import type { KeeperStatus } from './spec.ts';

const defaultTimeoutMs = 2_000;

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

/** No socket, nobody behind it, a keeper that ended meanwhile, or none that answered in time. */
const silences = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'ABORT_ERR'];

const parseStatus = (answer: string): KeeperStatus | undefined => {
  try {
    const status = JSON.parse(answer) as Partial<KeeperStatus> | null;
    return status?.children ? (status as KeeperStatus) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Asks a keeper for its status; undefined when none answers on this socket, or not in full within `timeoutMs`. */
export const findKeeperStatus = async (
  socketPath: string,
  timeoutMs = defaultTimeoutMs,
): Promise<KeeperStatus | undefined> => {
  try {
    return parseStatus(await text(connect({ path: socketPath, signal: AbortSignal.timeout(timeoutMs) })));
  } catch (error) {
    if (silences.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
};
