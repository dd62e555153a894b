import { chmod, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { hasCode } from '../lib/errors.ts';
import { parseJson } from '../lib/json.ts';
import type { SupervisorStatus } from './spec.ts';

const defaultTimeoutMs = 2_000;

/** Answers each connection to a Unix socket with the current status as one line of JSON. */
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
  await chmod(socketPath, 0o600);
};

/**
 * No socket, no server behind it, one that ended meanwhile, or one that did not answer in time; the last two: a path that
 * is too long for a socket, so that none can be there.
 */
const notRunningCodes = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'ABORT_ERR', 'EINVAL', 'ENAMETOOLONG'];

/**
 * Reads a daemon's status; undefined when none answers on this socket, not in full within `timeoutMs`, or with something
 * that `isStatus` does not know.
 */
export const askStatus = async <T extends object>(
  socketPath: string,
  isStatus: (value: Partial<T>) => boolean,
  timeoutMs = defaultTimeoutMs,
): Promise<T | undefined> => {
  try {
    const answer = await text(connect({ path: socketPath, signal: AbortSignal.timeout(timeoutMs) }));
    const status = parseJson(answer) as T | null | undefined;
    return status && isStatus(status) ? status : undefined;
  } catch (error) {
    if (notRunningCodes.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
};

export const findSupervisorStatus = (socketPath: string, timeoutMs?: number): Promise<SupervisorStatus | undefined> =>
  askStatus<SupervisorStatus>(socketPath, ({ children }) => children !== undefined, timeoutMs);
