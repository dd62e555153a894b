import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';

const listen = async (server: Server | HttpServer): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/**
 * A proxy that tunnels, and forwards plain requests, to the port it is asked for, always on this machine. It keeps what
 * it was asked for, with the credentials that came along.
 */
export const startProxy = async () => {
  const asked: string[] = [];
  const note = ({ url = '', headers }: IncomingMessage) => {
    const [, token = ''] = headers['proxy-authorization']?.split(' ') ?? [];
    asked.push([url, Buffer.from(token, 'base64').toString()].filter(Boolean).join(' '));
    return Number(/:(\d+)/.exec(url.replace('://', ''))?.[1]);
  };
  const tunnel = (incoming: IncomingMessage, client: Duplex) => {
    const upstream = connect(note(incoming), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    for (const end of [client, upstream]) end.on('error', () => undefined);
  };
  const server = createHttpServer((incoming, response) => {
    const options = { host: '127.0.0.1', port: note(incoming), path: new URL(incoming.url ?? '').pathname };
    request(options, (answer) => answer.pipe(response)).end();
  });
  return { asked, host: await listen(server.on('connect', tunnel)) };
};

/** Takes one connection and never says anything. */
export const startSilentServer = async () => {
  const connected = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    connected.resolve();
    socket.resume().on('error', () => undefined);
    socket.on('close', () => closed.resolve());
  });
  return { host: await listen(server), connected: connected.promise, closed: closed.promise };
};
