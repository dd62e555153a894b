import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { hasCode } from '../../../src/lib/errors.ts';
import type { GatewayEndpoint } from '../../../src/model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../../src/model/master-endpoint.ts';

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
  await once(server.listen(port, host), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

// each process has ports of its own
let lastPort = 10_000 + ((process.pid * 16) % 20_000);

/**
 * A port of 127.0.0.1 on which nothing listens, higher than the one before. It lies below those that the system gives to
 * whoever asks for any (Linux: from 32768 on), so it stays free until the test listens on it.
 */
export const freePort = async (): Promise<number> => {
  for (;;) {
    lastPort += 1;
    try {
      await (await listening(createServer(), '127.0.0.1', lastPort))[Symbol.asyncDispose]();
      return lastPort;
    } catch (error) {
      if (!hasCode(error, 'EADDRINUSE')) throw error;
    }
  }
};

/** A server that does `talk` with each connection. */
export const tcpServer = (talk: (socket: Socket) => void, port = 0) => listening(createServer(talk), '127.0.0.1', port);

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
export const localPod = (port = 0) =>
  listening(
    createHttpServer(async ({ url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://pod');
      response.end(await answerAsPod(pathname, searchParams));
    }),
    '127.0.0.1',
    port,
  );
