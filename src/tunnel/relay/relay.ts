import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { LocalConnection } from '../tunnel.ts';
import { answerProbe, isQuestion, pipeBoth } from './connection.ts';
import { makeSlots, type Slots } from './slots.ts';

const usualDialTimeoutMs = 5_000;

export type RelayOptions = {
  /** Where the master listens. */
  readonly target: { readonly host: string; readonly port: number };
  /** Signs the probes that the relay answers itself. */
  readonly secret: string;
  /** A connection on which the client sends nothing for this long goes to the master; 2 s unless given. */
  readonly silenceMs?: number;
  /** For a connection to the master to come about; 5 s unless given. */
  readonly dialTimeoutMs?: number;
  /** The most connections to the master; 512 unless given, or as many as open files allow. */
  readonly limit?: number;
  /** Whether connections go to the master now; probes are answered in any case. */
  readonly isOpen?: () => boolean;
  /** Whether a connection may go to the master; all may, unless given. `head` is what was read of it. */
  readonly admits?: (connection: LocalConnection, head: Buffer) => Promise<boolean>;
  /** Called with the connection of a probe before it is answered. */
  readonly onProbe?: (connection: LocalConnection) => Promise<void>;
};

const portsOf = ({ remotePort = 0, localPort = 0 }: Socket): LocalConnection => ({ from: remotePort, to: localPort });

/** The local end of a tunnel: answers liveness probes itself, forwards all other connections to the master. */
export type Relay = {
  readonly port: number;
  /** Open connections to the master, and the most that are accepted. */
  readonly connections: () => number;
  readonly limit: number;
  /** Why the last connection to the master failed, if it did. */
  readonly trouble: () => string | undefined;
  /** Connects to the master once; returns and keeps the failure. */
  readonly checkTarget: () => Promise<string | undefined>;
  readonly close: () => Promise<void>;
};

/** Connects to the master, and keeps the last failure. */
const makeDialer = ({ target, dialTimeoutMs = usualDialTimeoutMs }: Pick<RelayOptions, 'target' | 'dialTimeoutMs'>) => {
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

type Forwarding = Pick<RelayOptions, 'secret' | 'isOpen' | 'admits'> & { readonly slots: Slots };

/** Passes a connection on to the master, or resets it. */
const makeForward =
  (dial: () => Promise<Socket | undefined>, { secret, isOpen, admits, slots }: Forwarding) =>
  async (client: Socket, head: Buffer): Promise<void> => {
    // a question in the form of ours is never the master's
    const isAdmitted = !isQuestion(head) && slots.promote(client) && isOpen?.() !== false;
    if (!isAdmitted || (admits && !(await admits(portsOf(client), head)))) return void client.resetAndDestroy();
    const master = await dial();
    if (!master) client.resetAndDestroy();
    else if (client.destroyed) master.destroy();
    else pipeBoth(client, master, { head, secret });
  };

/** Starts a relay on a free port of the loopback address. */
export const startRelay = async ({ secret, silenceMs, ...options }: RelayOptions): Promise<Relay> => {
  const slots = makeSlots(options.limit);
  const { dial, trouble } = makeDialer(options);
  const forward = makeForward(dial, { ...options, secret, slots });
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    slots.take(client);
    client.once('data', () => slots.hear(client)).on('error', () => client.destroy());
    answerProbe(client, { secret, silenceMs, onProbe: async (one) => options.onProbe?.(portsOf(one)) }, (head) => {
      forward(client, head).catch(() => client.resetAndDestroy());
    });
  });
  await new Promise<void>((resolve, reject) => {
    // later ones are of single connections, such as for want of a file descriptor
    server.on('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: slots.used,
    limit: slots.limit,
    trouble,
    checkTarget: async () => {
      (await dial())?.destroy();
      return trouble();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        slots.closeAll();
      }),
  };
};
