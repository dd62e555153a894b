import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type RelayOptions, startRelay } from '../../../src/tunnel/relay/relay.ts';
import { dial, exchange, serveTcp } from '../../support/tunnel/sockets.ts';

const relayTo = async (port: number, more: Partial<RelayOptions> = {}) => {
  const relay = await startRelay({ target: { host: '127.0.0.1', port }, secret: 's3cret', ...more });
  onTestFinished(relay.close);
  return relay;
};

const errorOf = async (socket: Socket): Promise<unknown> => (await once(socket, 'error'))[0];

test('a relay listens on 127.0.0.1 alone: by another address of this host nobody comes to the master', async () => {
  const { port } = await serveTcp((socket) => socket.pipe(socket));
  const relay = await relayTo(port);
  expect(await exchange(relay.port, 'hello')).toBe('hello');
  // on Linux all of 127.0.0.0/8 is this host, so a relay that listens everywhere answers here
  for (const host of ['127.0.0.2', '::1']) {
    expect(await errorOf(connect({ port: relay.port, host }))).toMatchObject({
      code: expect.stringMatching(/^E(CONNREFUSED|ADDRNOTAVAIL|AFNOSUPPORT|NETUNREACH)$/),
    });
  }
});

/** A master that takes no connection: it listens, and as many as may wait for it are there already. */
const deafMaster = async (): Promise<number> => {
  const program = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`;
  const master = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void master.kill('SIGKILL'));
  const port = Number((await once(master.stdout, 'data'))[0]);
  const waiting = [1, 2].map(() => dial(port));
  await Promise.all(waiting.map((socket) => once(socket, 'connect')));
  return port;
};

test('a master that does not take the connection in time is told, and its client is let go', async () => {
  const port = await deafMaster();
  const relay = await relayTo(port, { dialTimeoutMs: 50 });
  const trouble = `cannot connect to the master on 127.0.0.1:${port} (no answer within 0.05s)`;
  expect(await relay.checkTarget()).toBe(trouble);
  const client = dial(relay.port);
  client.write('hello');
  expect(await errorOf(client)).toMatchObject({ code: 'ECONNRESET' });
  expect(relay.trouble()).toBe(trouble);
});
