import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Issued } from '../../lib/certificates.ts';
import { hasCode, messageOf, UserError } from '../../lib/errors.ts';
import { parseFields } from '../../lib/json.ts';
import { type DialResult, dialHttp, type HostPort } from './dial.ts';

/** What listens on this host at the master's address. */
export type FoundMaster =
  | { readonly kind: 'none' }
  | { readonly kind: 'master'; readonly clusterId: string; readonly version: string }
  | { readonly kind: 'loopback-only'; readonly seen: string }
  | { readonly kind: 'foreign'; readonly seen: string };

export type PlaceholderMaster = {
  /** Where it listens. */
  readonly target: HostPort;
  /** Address of the caller, by nonce. */
  readonly callers: ReadonlyMap<string, string>;
  readonly close: () => Promise<void>;
};

export type MasterInfo = { readonly clusterId: string; readonly version: string; readonly nonce?: string };

const loopback = '127.0.0.1';
const dialTimeoutMs = 1_000;

/** Reads an answer to `/info`, the master's only page without login; undefined if it is not a master's. */
export const parseMasterInfo = (text: string): MasterInfo | undefined => {
  const { cluster_id: clusterId, version, nonce } = parseFields(text);
  if (typeof clusterId !== 'string' || typeof version !== 'string') return undefined;
  return { clusterId, version, ...(typeof nonce === 'string' && { nonce }) };
};

const judge = (dialed: DialResult): FoundMaster => {
  if (dialed.outcome === 'answered') {
    const info = parseMasterInfo(dialed.answer);
    return info
      ? { kind: 'master', ...info }
      : { kind: 'foreign', seen: `GET /info gave ${dialed.answer.slice(0, 80)}` };
  }
  const isAbsent = ['refused', 'unreachable', 'unresolved', 'timeout'].includes(dialed.outcome);
  return isAbsent ? { kind: 'none' } : { kind: 'foreign', seen: dialed.seen };
};

/** Looks for a master at an address of this host, and on loopback in case it listens only there. */
export const findMaster = async (target: HostPort): Promise<FoundMaster> => {
  const found = judge(await dialHttp(target, dialTimeoutMs, '/info'));
  if (found.kind !== 'none' || target.host === loopback) return found;
  const local = judge(await dialHttp({ ...target, host: loopback }, dialTimeoutMs, '/info'));
  if (local.kind === 'master') return { kind: 'loopback-only', seen: `master ${local.version} on ${loopback}` };
  return local.kind === 'foreign' ? { kind: 'foreign', seen: `on ${loopback}: ${local.seen}` } : local;
};

const listen = (server: Server, { host, port }: HostPort): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });

/** A proof sends a few hundred; strangers may send any number. */
const mostCallers = 10_000;
const longestNonce = 100;

const remember = (callers: Map<string, string>, nonce: string, caller: string): void => {
  if (nonce.length > longestNonce) return;
  callers.set(nonce, caller);
  const [oldest] = callers.keys();
  if (callers.size > mostCallers && oldest !== undefined) callers.delete(oldest);
};

const answer =
  (callers: Map<string, string>): RequestListener =>
  ({ url = '/', socket }, response) => {
    // not `new URL`, which throws for paths such as `//`
    const [path, query = ''] = url.split('?', 2);
    if (path !== '/info') return response.writeHead(404).end();
    const nonce = new URLSearchParams(query).get('nonce') ?? '';
    remember(callers, nonce, socket.remoteAddress ?? 'unknown');
    const info = { cluster_id: 'taskgate-placeholder', version: 'taskgate placeholder', nonce };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(info));
  };

/** Longer than anything on the way stands still: a connection that is held idles meanwhile. */
const idleMs = 60_000;

const makeServer = (callers: Map<string, string>, certificate: Issued | undefined): Server => {
  const server = certificate
    ? createTlsServer({ cert: certificate.certificate, key: certificate.key }, answer(callers))
    : createServer(answer(callers));
  server.keepAliveTimeout = idleMs;
  // one that cannot listen is found by `listen`; later, a connection is lost at most
  return server.on('error', () => undefined);
};

/**
 * Serves `/info` at the master's address. If this host does not have that address (it is a desktop virtual machine's name
 * for the host), it listens on loopback, to which such addresses are forwarded. With a certificate it speaks https.
 * Throws a UserError `proof.stand-in` if it cannot listen there.
 */
export const startPlaceholder = async (target: HostPort, certificate?: Issued): Promise<PlaceholderMaster> => {
  const callers = new Map<string, string>();
  const server = makeServer(callers, certificate);
  let listening = target;
  try {
    await listen(server, target).catch((error: unknown) => {
      if (!hasCode(error, 'EADDRNOTAVAIL') && !hasCode(error, 'ENOTFOUND')) throw error;
      listening = { ...target, host: loopback };
      return listen(server, listening);
    });
  } catch (error) {
    throw new UserError(`no placeholder master on ${listening.host}:${listening.port}: ${messageOf(error)}`, {
      id: 'proof.stand-in',
      hint: 'free that port, choose another master port, or start the master first',
      cause: error,
    });
  }
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { target: listening, callers, close };
};
