// Tested in test/lib/http/proxied.test.ts
import { isIP, type Socket } from 'node:net';

const decode = (text: string): Buffer => {
  try {
    return Buffer.from(decodeURIComponent(text));
  } catch {
    return Buffer.from(text);
  }
};

/** A length in one byte, then the text. */
const counted = (text: Buffer): Buffer => {
  if (text.length > 255) throw new Error('a name or password is longer than socks can carry');
  return Buffer.concat([Buffer.from([text.length]), text]);
};

type Read = (length: number) => Promise<Buffer>;

/** Resolves when there is something to read, or never will be. */
const somethingNew = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => void socket.off('readable', ready).off('end', ready).off('close', ready).off('error', fail);
    const ready = () => {
      stop();
      resolve();
    };
    const fail = (error: Error) => {
      stop();
      reject(error);
    };
    socket.on('readable', ready).on('end', ready).on('close', ready).on('error', fail);
  });

/** Takes all that has come: with some of it left, `readable` would come again at once, for ever. */
const reader = (socket: Socket): Read => {
  let rest = Buffer.alloc(0);
  return async (length) => {
    while (rest.length < length) {
      if (socket.readableEnded || socket.destroyed) throw new Error('it ends the connection');
      await somethingNew(socket);
      const bytes: Buffer | null = socket.read();
      if (bytes) rest = Buffer.concat([rest, bytes]);
    }
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
};

/** RFC 1928, 6. */
const refusals: Readonly<Record<number, string>> = {
  1: 'it fails',
  2: 'its rules forbid it',
  3: 'it finds no route to that network',
  4: 'it does not reach that host',
  5: 'that port refuses connections',
  6: 'the connection timed out',
  7: 'it cannot connect',
  8: 'it does not know that kind of address',
};

/** The length of an address of this type, after its type and, for a name, its length. */
const addressLength = async (read: Read, type: number | undefined): Promise<number> => {
  if (type === 1) return 4;
  if (type === 4) return 16;
  return (await read(1))[0] ?? 0;
};

/** RFC 1929. */
const signIn = async (socket: Socket, read: Read, { username, password }: URL): Promise<void> => {
  socket.write(Buffer.concat([Buffer.from([1]), counted(decode(username)), counted(decode(password))]));
  const [, status] = await read(2);
  if (status !== 0) throw new Error('it does not take the user and password');
};

/**
 * Asks a SOCKS5 proxy (RFC 1928) for a connection, by name: the proxy resolves it, as for kubectl. `proxy` has the user and
 * the password, if any. Throws an Error with the reason.
 */
export const askSocks = async (
  socket: Socket,
  { host, port }: { readonly host: string; readonly port: number },
  proxy: URL,
): Promise<void> => {
  const read = reader(socket);
  const methods = proxy.username ? [0, 2] : [0];
  socket.write(Buffer.from([5, methods.length, ...methods]));
  const [version, method] = await read(2);
  if (version !== 5) throw new Error('it speaks no SOCKS5');
  if (method === 2) await signIn(socket, read, proxy);
  else if (method !== 0) throw new Error('it wants another sign-in than user and password');
  const place =
    isIP(host) === 4
      ? Buffer.from([1, ...host.split('.').map(Number)])
      : Buffer.concat([Buffer.from([3]), counted(Buffer.from(host))]);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), place, Buffer.from([port >> 8, port & 0xff])]));
  const [, reply = 1, , type] = await read(4);
  if (reply !== 0) throw new Error(refusals[reply] ?? `it answers with code ${reply}`);
  await read((await addressLength(read, type)) + 2);
};
