import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { hasCode } from '../lib/errors.ts';
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
};

/** No socket, no server behind it, one that ended meanwhile, or one that did not answer in time. */
const notRunningCodes = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'ABORT_ERR'];

/** Whether an answer is a status of the expected kind. */
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

/** Reads a daemon's status; undefined when none answers on this socket, or not in full within `timeoutMs`. */
export const askStatus = async <T extends object>(
  socketPath: string,
  isStatus: IsStatus<T>,
  timeoutMs = defaultTimeoutMs,
): Promise<T | undefined> => {
  try {
    return parseStatus(await text(connect({ path: socketPath, signal: AbortSignal.timeout(timeoutMs) })), isStatus);
  } catch (error) {
    if (notRunningCodes.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
};

/** Reads the status of a native node's supervisor. */
export const findSupervisorStatus = (socketPath: string, timeoutMs?: number): Promise<SupervisorStatus | undefined> =>
  askStatus<SupervisorStatus>(socketPath, ({ children }) => children !== undefined, timeoutMs);
