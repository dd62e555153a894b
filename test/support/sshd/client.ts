import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostAlias, type SshServer } from '../../../scripts/testbed/sshd.ts';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { spawnTethered } from '../../../src/lib/process/tethered.ts';
import type { PublicAddress } from '../../../src/model/master-endpoint.ts';
import type { SshTools } from '../../../src/tunnel/ssh/process.ts';
import { sshTunnel } from '../../../src/tunnel/ssh/ssh.ts';
import type { OpenInput, OpenTunnel, SendNonce } from '../../../src/tunnel/tunnel.ts';

/** What the local end of a tunnel says to each who connects. */
export const greeting = 'here\n';

/** All that comes over a connection, or why none was had. */
export const readAll = ({ host, port }: Pick<PublicAddress, 'host' | 'port'>, timeoutMs = 5_000): Promise<string> =>
  new Promise((resolve) => {
    let read = '';
    const socket = connect({ host, port }).setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`silent for ${timeoutMs} ms`)));
    socket.on('data', (text) => {
      read += text;
    });
    socket.on('error', ({ message }) => resolve(message)).on('close', () => resolve(read));
  });

/** In the place of a nonce: whether an address leads to the greeter. */
const greets: SendNonce = async (address, { timeoutMs }) => {
  const said = await readAll(address, timeoutMs);
  return said === greeting || said;
};

const startGreeter = async (): Promise<Server> => {
  const server = createServer((socket) => socket.on('error', () => undefined).end(greeting));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

export type ClientOptions = {
  readonly spec?: Partial<SshSpec>;
  readonly tools?: Partial<SshTools>;
};

/** A user's machine: something that listens on its loopback address, and a folder for an instance. */
export const startClient = async (server: SshServer) => {
  const greeter = await startGreeter();
  const { port: localPort } = greeter.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'tg-ssh-client-'));
  const controller = new AbortController();
  const opened: OpenTunnel[] = [];
  const said: string[] = [];
  const details: string[] = [];
  const make = ({ spec, tools }: ClientOptions = {}) => {
    const driver = sshTunnel(
      {
        ...{ host: hostAlias, configFile: server.clientConfig, program: 'ssh', remotePort: 8080 },
        ...{ bindAddress: '0.0.0.0', hostKeyPolicy: 'accept-new', serverAliveInterval: 60, serverAliveCountMax: 10 },
        ...spec,
      },
      {
        ...{ runner: execaRunner, spawn: spawnTethered, env: process.env, folder },
        onLine: (line) => void said.push(line),
        onDetail: (detail) => void details.push(detail),
        ...tools,
      },
    );
    const open = async (input: Partial<OpenInput> = {}): Promise<OpenTunnel> => {
      const tunnel = await driver.open({ localPort, probe: greets, signal: controller.signal, ...input });
      opened.push(tunnel);
      return tunnel;
    };
    return { ...driver, open };
  };
  const close = async () => {
    controller.abort();
    for (const tunnel of opened) await tunnel.close();
    greeter.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { make, localPort, folder, said, details, controller, close };
};

export type Client = Awaited<ReturnType<typeof startClient>>;
