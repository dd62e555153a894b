import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { messageOf } from '../../lib/errors.ts';
import { greet, join } from './connection.ts';

const dialTimeoutMs = 5_000;
const loopback = '127.0.0.1';

export type RelayTarget = { readonly host: string; readonly port: number };

export type RelayOptions = {
  /** Where the master listens. */
  readonly target: RelayTarget;
  /** By which a relay knows the questions that it answers itself. */
  readonly secret: string;
  /** Who opens a connection and says nothing for so long is passed on; 2 s unless given. */
  readonly silenceMs?: number;
};

/** The local end of a tunnel: answers liveness questions itself, passes everything else on to the master. */
export type Relay = {
  readonly port: number;
  /** Connections that are being passed on now. */
  readonly connections: () => number;
  /** Why the master could not be reached when it was tried last. */
  readonly trouble: () => string | undefined;
  /** Tries whether the master takes connections; gives and keeps what is in the way. */
  readonly checkTarget: () => Promise<string | undefined>;
  readonly close: () => Promise<void>;
};

const whatIsWrong = ({ host, port }: RelayTarget, error: unknown): string =>
  `nothing takes connections on ${host}:${port}, where the master should listen (${messageOf(error)})`;

/** Connects to the master; keeps why it could not be reached when it was tried last. */
const makeDialer = (target: RelayTarget) => {
  let trouble: string | undefined;
  /** Undefined where it takes no connection. */
  const dial = (): Promise<Socket | undefined> =>
    new Promise((resolve) => {
      const master = connect({ ...target, allowHalfOpen: true, noDelay: true });
      const refuse = (error: Error): void => {
        trouble = whatIsWrong(target, error);
        resolve(undefined);
      };
      master.setTimeout(dialTimeoutMs, () => master.destroy(new Error(`no answer within ${dialTimeoutMs / 1_000}s`)));
      master.once('error', refuse).once('connect', () => {
        trouble = undefined;
        master.setTimeout(0);
        master.off('error', refuse);
        resolve(master);
      });
    });
  return { dial, trouble: () => trouble };
};

/** Starts a relay on a free port of the loopback address. */
export const startRelay = async ({ target, secret, silenceMs }: RelayOptions): Promise<Relay> => {
  const clients = new Set<Socket>();
  let passedOn = 0;
  const { dial, trouble } = makeDialer(target);
  const passOn = async (client: Socket, head: Buffer): Promise<void> => {
    passedOn++;
    client.once('close', () => passedOn--);
    const master = await dial();
    if (!master) client.resetAndDestroy();
    else if (client.destroyed) master.destroy();
    else join(client, master, { head, secret });
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    clients.add(client);
    client.on('error', () => client.destroy()).once('close', () => clients.delete(client));
    greet(client, { secret, silenceMs }, (head) => void passOn(client, head));
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject).listen(0, loopback, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => passedOn,
    trouble,
    checkTarget: async () => {
      (await dial())?.destroy();
      return trouble();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
};
