import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { hasCode } from '../lib/errors.ts';
import { type Fields, isFields, itemsOf, parseFields } from '../lib/json.ts';
import { isChildState, type SupervisorStatus } from './spec.ts';

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

/** That of a node has some 3 kB, that of a tunnel daemon with its last events some 30 kB. */
const longestStatus = 4 * 2 ** 20;

/** What is too long for a status is cut, and then no JSON. */
const readAll = async (socket: Socket): Promise<string> => {
  let answer = '';
  for await (const part of socket.setEncoding('utf8')) {
    answer += String(part);
    if (answer.length > longestStatus) break;
  }
  return answer;
};

/**
 * Reads a daemon's status; undefined when none answers on this socket, not in full within `timeoutMs`, or with something
 * that `isStatus` does not know.
 */
export const askStatus = async <T extends object>(
  socketPath: string,
  isStatus: (value: Fields) => boolean,
  timeoutMs = defaultTimeoutMs,
): Promise<T | undefined> => {
  try {
    const answer = await readAll(connect({ path: socketPath, signal: AbortSignal.timeout(timeoutMs) }));
    const status = parseFields(answer);
    return isStatus(status) ? (status as T) : undefined;
  } catch (error) {
    if (notRunningCodes.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
};

const isChildStatus = (value: unknown): boolean =>
  isFields(value) &&
  typeof value.name === 'string' &&
  isChildState(value.state) &&
  typeof value.restarts === 'number' &&
  (value.ends === undefined || typeof value.ends === 'number') &&
  (value.lastExit === undefined || typeof value.lastExit === 'string');

export const isSupervisorStatus = ({ children }: Fields): boolean =>
  Array.isArray(children) && itemsOf(children).every(isChildStatus);

export const findSupervisorStatus = (socketPath: string, timeoutMs?: number): Promise<SupervisorStatus | undefined> =>
  askStatus<SupervisorStatus>(socketPath, isSupervisorStatus, timeoutMs);
