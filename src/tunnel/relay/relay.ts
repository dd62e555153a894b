import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { answerProbe, pipeBoth } from './connection.ts';

const dialTimeoutMs = 5_000;

export type RelayOptions = {
  /** Where the master listens. */
  readonly target: { readonly host: string; readonly port: number };
  /** Signs the probes that the relay answers itself. */
  readonly secret: string;
  /** A connection on which the client sends nothing for this long goes to the master; 2 s unless given. */
  readonly silenceMs?: number;
};

/** The local end of a tunnel: answers liveness probes itself, forwards all other connections to the master. */
export type Relay = {
  readonly port: number;
  /** Open connections to the master. */
  readonly connections: () => number;
  /** Why the last connection to the master failed, if it did. */
  readonly trouble: () => string | undefined;
  /** Connects to the master once; returns and keeps the failure. */
  readonly checkTarget: () => Promise<string | undefined>;
  readonly close: () => Promise<void>;
};

/** Connects to the master, and keeps the last failure. */
const makeDialer = (target: RelayOptions['target']) => {
  let trouble: string | undefined;
  /** Undefined if the connection fails. */
  const dial = (): Promise<Socket | undefined> =>
    new Promise((resolve) => {
      const master = connect({ ...target, allowHalfOpen: true, noDelay: true });
      const refuse = ({ message }: Error): void => {
        trouble = `cannot connect to the master on ${target.host}:${target.port} (${message})`;
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
  let forwarded = 0;
  const { dial, trouble } = makeDialer(target);
  const forward = async (client: Socket, head: Buffer): Promise<void> => {
    forwarded++;
    client.once('close', () => forwarded--);
    const master = await dial();
    if (!master) client.resetAndDestroy();
    else if (client.destroyed) master.destroy();
    else pipeBoth(client, master, { head, secret });
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    clients.add(client);
    client.on('error', () => client.destroy()).once('close', () => clients.delete(client));
    answerProbe(client, { secret, silenceMs }, (head) => void forward(client, head));
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => forwarded,
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
