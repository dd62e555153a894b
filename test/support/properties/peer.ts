import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A server on loopback that answers whatever comes with the bytes that it is given for the next connection. */
export const startPeer = async () => {
  let answer: Buffer = Buffer.alloc(0);
  const server = createServer((socket) => {
    const sent = answer;
    socket.on('error', () => undefined).once('data', () => socket.end(sent));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    answerWith: (text: string): void => {
      answer = Buffer.from(text, 'latin1');
    },
    close: (): void => void server.close(),
  };
};

/** Sends bytes to a port, ends, and waits until the connection is closed. */
export const sendBytes = (port: number, text: string): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.end(Buffer.from(text, 'latin1')));
    socket.setTimeout(500, () => socket.destroy());
    socket.on('error', () => undefined).on('close', () => resolve());
    socket.resume();
  });

export type Peer = Awaited<ReturnType<typeof startPeer>>;
