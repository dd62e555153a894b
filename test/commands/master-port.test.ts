import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { verifyMasterPort } from '../../src/commands/master-port.ts';
import { createInstance } from '../../src/instance/instance.ts';
import { commandContext } from '../support/context.ts';
import { failureOf } from '../support/failure-of.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

const serve = (answer: RequestListener) => listen(createServer(answer));
const foreign = () => serve((_, response) => response.writeHead(404).end('no such file'));

const verify = async (port: number, master: object = {}) => {
  const home = await temporaryDir();
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  const context = commandContext({ folders });
  const config = { ...context.config, master: { ...context.config.master, port, ...master } };
  return { stateDir: folders.stateDir, check: () => verifyMasterPort({ ...context, config }) };
};

test.skipIf(process.platform !== 'linux')('a web server on the master’s port is named with its pid', async () => {
  const port = await foreign();
  const error = await failureOf((await verify(port)).check());
  expect(error).toMatchObject({ id: 'environment.master-port', hint: expect.stringContaining('--master-port PORT') });
  expect(error.message).toContain(`the master's port ${port} on this host is in use by node`);
  expect(error.message).toMatch(new RegExp(`\\(pid ${process.pid}\\), which is no Determined master: .*404`));
});

test.skipIf(process.platform !== 'linux')(
  'so is the tunnel daemon of another instance, whose forwards hold ports',
  async () => {
    const { check, stateDir } = await verify(await foreign());
    const other = await createInstance(stateDir, { name: 'other', provider: 'attach' });
    await other.journal({ kind: 'tunnels', process: { pid: process.pid, startTicks: 1, bootId: 'b' } });
    await expect(check()).rejects.toThrow(/\(pid \d+, the tunnel daemon of instance other\)/);
  },
);

test('what accepts and closes is no master either', async () => {
  const port = await listen(createTcpServer((socket) => socket.destroy()));
  await expect((await verify(port)).check()).rejects.toMatchObject({ id: 'environment.master-port' });
});

test('a master may be there already, and the port may be free', async () => {
  const info = JSON.stringify({ cluster_id: 'a', version: '0.38.0' });
  const port = await serve((_, response) => response.end(info));
  await expect((await verify(port)).check()).resolves.toBeUndefined();
  await expect((await verify(1)).check()).resolves.toBeUndefined();
});

test.each([
  { reach: 'url', url: 'https://m' },
  { host: 'master.example' },
])('with the master elsewhere (%j) the port of this host is nobody’s matter', async (master) => {
  await expect((await verify(await foreign(), master)).check()).resolves.toBeUndefined();
});
