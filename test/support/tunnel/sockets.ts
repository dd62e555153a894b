import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export { freePort } from '../../../src/lib/free-port.ts';

/** A TCP server on a free port of the loopback address, with all its connections gone after the test. */
export const serveTcp = async (onConnection: (socket: Socket) => void): Promise<{ server: Server; port: number }> => {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on('error', () => undefined));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
};

/** Connects to a port of the loopback address; what it sends ends when `end` is called. */
export const dial = (port: number): Socket => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
};

/** Sends a text, ends, and gives all that comes back. */
export const exchange = (port: number, sent: string): Promise<string> => {
  const socket = dial(port);
  socket.end(sent);
  return text(socket);
};
