import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { GatewayEndpoint } from '../../../src/model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../../src/model/master-endpoint.ts';

export { freePort } from '../../../src/lib/free-port.ts';

export const gateway: GatewayEndpoint = {
  name: 'contour',
  namespace: 'projectcontour',
  address: '127.0.0.1',
  portRange: { start: 20000, end: 20009 },
  capacity: { limit: 10, because: 'test' },
};

export const masterAt = (port: number, host = '127.0.0.1'): MasterEndpoint => ({
  scheme: 'http',
  host,
  port,
  via: 'direct',
});

type Closing = { readonly port: number; readonly [Symbol.asyncDispose]: () => Promise<void> };

/** Listens on a free port of 127.0.0.1 until the end of the test's block. */
export const listening = async (server: Server, host = '127.0.0.1', port = 0): Promise<Closing> => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

/** A server that does `talk` with each connection. */
export const tcpServer = (talk: (socket: Socket) => void) => listening(createServer(talk));

/** Serves one body at every path. */
export const httpServer = (body: string, { status = 200, host = '127.0.0.1', port = 0 } = {}) =>
  listening(
    createHttpServer((_, response) => response.writeHead(status).end(body)),
    host,
    port,
  );

const dial = async (query: URLSearchParams): Promise<string> => {
  const url = `http://${query.get('host')}:${query.get('port')}/${query.get('request')}`;
  try {
    return JSON.stringify({ responses: [await (await fetch(url)).text()] });
  } catch {
    return JSON.stringify({ errors: [`Get "${url}": dial tcp: connect: connection refused`] });
  }
};

/** What agnhost's netexec does for `/echo` and `/dial`. */
export const answerAsPod = async (path: string, query: URLSearchParams): Promise<string> =>
  path === '/dial' ? dial(query) : (query.get('msg') ?? '');

/** The sample pod's HTTP side on this machine. */
export const localPod = () =>
  listening(
    createHttpServer(async ({ url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://pod');
      response.end(await answerAsPod(pathname, searchParams));
    }),
  );
