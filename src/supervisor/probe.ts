import { readFile } from 'node:fs/promises';
import { get as getHttp, type RequestOptions } from 'node:http';
import { get as getHttps } from 'node:https';
import { connect, type NetConnectOpts } from 'node:net';
import { messageOf } from '../lib/errors.ts';
import type { Probe } from './spec.ts';

type TlsOptions = { readonly [Name in 'ca' | 'cert' | 'key']: string | undefined } & {
  readonly rejectUnauthorized: boolean;
};

const timeoutMs = 2_000;

const readFileIfAny = async (path: string | undefined) => (path ? readFile(path, 'utf8') : undefined);

const takesConnections = (to: NetConnectOpts): Promise<string | true> =>
  new Promise((resolve) => {
    const socket = connect(to, () => {
      socket.destroy();
      resolve(true);
    });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no connection within ${timeoutMs / 1_000}s`)));
    socket.on('error', ({ message }) => resolve(message));
  });

const answersHttp = async ({ url, tls }: Extract<Probe, { kind: 'http' }>): Promise<string | true> => {
  const { hostname, port } = new URL(url);
  // most probes come before the child listens; a connection alone costs a fraction of a request
  const listens = await takesConnections({ host: hostname, port: Number(port) });
  if (listens !== true) return listens;
  const [ca, cert, key] = await Promise.all([tls?.caPath, tls?.certPath, tls?.keyPath].map(readFileIfAny));
  const status = await statusOf(url, { ca, cert, key, rejectUnauthorized: ca !== undefined, agent: false });
  return status === 200 || `answers ${status}`;
};

const shown = (answer: Buffer): string =>
  answer
    .toString('latin1')
    .replace(/[^ -~]+/g, ' ')
    .trim()
    .slice(0, 200);

const answersWith = ({ path, send, expected }: Extract<Probe, { kind: 'answer' }>): Promise<string | true> =>
  new Promise((resolve) => {
    const socket = connect({ path }, () => socket.write(Buffer.from(send, 'hex')));
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs / 1_000}s`)));
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString('latin1').startsWith(expected) || `answers ${shown(answer)}`);
    });
    socket.on('error', ({ message }) => resolve(message));
    socket.on('close', () => resolve('closes the connection'));
  });

/**
 * Not lib's `httpRequest`: undici loads parts of itself late, and by then the supervisor is in the node's file tree, where
 * there are no sources.
 */
const statusOf = (url: string, options: RequestOptions & TlsOptions): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp;
    get(url, { ...options, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      response.on('error', () => undefined); // it may be cut off, now that its status is known
      response.destroy();
      resolve(response.statusCode);
    }).on('error', reject);
  });

/**
 * Probes once: `true` when the child is ready, otherwise what was seen. Never throws for a child that does not answer.
 * Tested in test/process/supervisor-children.test.ts (socket) and test/e2e/up-down.test.ts (HTTP).
 */
export const probeOnce = async (probe: Probe): Promise<string | true> => {
  if (probe.kind === 'running') return true;
  if (probe.kind === 'answer') return answersWith(probe);
  try {
    return await (probe.kind === 'http' ? answersHttp(probe) : takesConnections({ path: probe.path }));
  } catch (error) {
    return messageOf(error);
  }
};
