import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { hasCode } from '../lib/errors.ts';
import type { KeeperStatus } from './spec.ts';

const defaultTimeoutMs = 2_000;

/** Answers each connection to a Unix socket with the present status as one line of JSON. */
export const serveStatus = async (socketPath: string, status: () => object): Promise<void> => {
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

/** Whether what a keeper answered is a status of its kind. */
type IsStatus<T> = (value: Partial<T>) => boolean;

const parseStatus = <T extends object>(answer: string, isStatus: IsStatus<T>): T | undefined => {
  try {
    const status = JSON.parse(answer) as Partial<T> | null;
    return status !== null && isStatus(status) ? (status as T) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Asks a keeper for its status; undefined when none answers on this socket, or not in full within `timeoutMs`. */
export const askStatus = async <T extends object>(
  socketPath: string,
  isStatus: IsStatus<T>,
  timeoutMs = defaultTimeoutMs,
): Promise<T | undefined> => {
  try {
    return parseStatus(await text(connect({ path: socketPath, signal: AbortSignal.timeout(timeoutMs) })), isStatus);
  } catch (error) {
    if (silences.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
};

/** Asks the keeper of a native node. */
export const findKeeperStatus = (socketPath: string, timeoutMs?: number): Promise<KeeperStatus | undefined> =>
  askStatus<KeeperStatus>(socketPath, ({ children }) => children !== undefined, timeoutMs);
