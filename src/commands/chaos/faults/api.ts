import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { connect } from '../../../lib/kube/client.ts';
import { type OpenedKubeconfig, openKubeconfig } from '../../../lib/kube/kubeconfig/open.ts';
import type { Fault } from './fault.ts';
import { notInjected } from './processes.ts';

/** What an API server answers that has too much to do, and one whose etcd changes its leader. */
const refusals = {
  429: { headers: { 'retry-after': '1' }, message: 'Too many requests, please try again later.' },
  500: { headers: {}, message: 'etcdserver: leader changed' },
} as const;

type Refusal = keyof typeof refusals;

const refuse = (response: ServerResponse, code: Refusal): void => {
  const { headers, message } = refusals[code];
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }));
};

/** Of one connection, or of the client's own credentials. */
const ownHeaders = new Set([
  'authorization',
  'host',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
]);

const readBody = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part as Uint8Array));
  return Buffer.concat(parts).toString();
};

const passOn = async (opened: OpenedKubeconfig, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const kept = Object.entries(request.headers).filter(([name]) => !ownHeaders.has(name));
  const headers = { ...(Object.fromEntries(kept) as Record<string, string>), ...(await opened.credentials.headers()) };
  const { method = 'GET', url = '/' } = request;
  const body = await readBody(request);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const { pathname, search } = new URL(opened.urlOf(url));
  const path = pathname + search;
  const answer = await opened
    .pool()
    .request({ path, method: method as 'GET', headers, ...(body && { body }), signal: gone.signal });
  const back = Object.entries(answer.headers).filter(([name]) => !ownHeaders.has(name));
  response.writeHead(answer.statusCode, Object.fromEntries(back) as Record<string, string>);
  await pipeline(answer.body, response);
};

/** A kubeconfig of the proxy; JSON is YAML. */
const proxyKubeconfig = (port: number, token: string): string =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'chaos' },
    clusters: [{ name: 'chaos', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'chaos', user: { token } }],
    contexts: [{ name: 'chaos', context: { cluster: 'chaos', user: 'chaos' } }],
  });

/**
 * Puts a proxy before the API server of a kubeconfig, by which the traffic goes: once the fault is injected it refuses every
 * second request. It listens on loopback and takes only a token that this process made, since it has the kubeconfig's rights.
 */
export const refuseRequests = async (
  { kubeconfig, kubeContext }: { readonly kubeconfig: string; readonly kubeContext: string },
  code: Refusal,
): Promise<Fault> => {
  const opened = openKubeconfig(kubeconfig, kubeContext);
  const token = randomBytes(24).toString('hex');
  let [isBroken, asked, refused] = [false, 0, 0];
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
    if (isBroken && asked++ % 2 === 0) {
      refused++;
      return refuse(response, code);
    }
    passOn(opened, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    kube: connect(proxyKubeconfig(port, token)),
    inject: async () => {
      isBroken = true;
      return {
        seen: `every second request is refused with ${code}`,
        lift: async () => {
          isBroken = false;
          if (refused === 0) throw notInjected('no request was refused, since none came');
        },
        isBack: async () => !isBroken || 'requests are still refused',
      };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
};
