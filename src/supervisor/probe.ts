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
  try {
    return await (probe.kind === 'http' ? answersHttp(probe) : takesConnections({ path: probe.path }));
  } catch (error) {
    return messageOf(error);
  }
};
