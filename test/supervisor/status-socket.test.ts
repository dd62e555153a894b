import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { SupervisorStatus } from '../../src/supervisor/spec.ts';
import { findSupervisorStatus, serveStatus } from '../../src/supervisor/status-socket.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

let path: string;
beforeEach(async () => {
  path = join(await temporaryDir(), 'keeper.sock');
});

/** A supervisor that does this with each connection. */
const serve = async (answer: (socket: Socket) => void): Promise<void> => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
};

test('a supervisor answers with its current status, also where an earlier one left its socket', async () => {
  await writeFile(path, '');
  let uptimeMs = 1;
  const status = (): SupervisorStatus => ({ instance: 'dev', uptimeMs: uptimeMs++, children: [] });
  await serveStatus(path, status);
  expect(await findSupervisorStatus(path)).toEqual({ instance: 'dev', uptimeMs: 1, children: [] });
  expect(await findSupervisorStatus(path)).toEqual({ instance: 'dev', uptimeMs: 2, children: [] });
});

test('its socket is for its owner only', async () => {
  await serveStatus(path, () => ({}));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('no socket, and a socket that nobody serves any more, are silence', async () => {
  expect(await findSupervisorStatus(path)).toBeUndefined();
  await writeFile(path, '');
  expect(await findSupervisorStatus(path)).toBeUndefined();
});

test.each<[string, (socket: Socket) => void]>([
  ['answers nothing', (socket) => socket.end()],
  ['ends in the middle', (socket) => socket.end('{"instance":"dev","chil')],
  ['answers garbage', (socket) => socket.end('hello?')],
  ['answers something else', (socket) => socket.end('{"status":"ok"}')],
  ['answers children that are none', (socket) => socket.end('{"children":[{"name":1}]}')],
  ['never stops', (socket) => socket.write('x'.repeat(5 * 2 ** 20))],
  ['answers null', (socket) => socket.end('null')],
  ['hangs up', (socket) => socket.destroy()],
  ['hangs', () => undefined],
  ['never comes to an end', (socket) => setInterval(() => socket.write(' '), 10).unref()],
])('a supervisor that %s is silent', async (_, answer) => {
  await serve(answer);
  expect(await findSupervisorStatus(path, 100)).toBeUndefined();
});

test('a supervisor that dies before it takes the connection is silent', async () => {
  const program = `require('net').createServer(() => undefined).listen('${path}', () => console.log('listening'))`;
  const supervisor = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(supervisor.stdout, 'data');
  supervisor.kill('SIGSTOP');
  const asking = findSupervisorStatus(path);
  // the question waits in the socket's queue by then; its end without an answer is a reset
  await pause(50);
  supervisor.kill('SIGKILL');
  expect(await asking).toBeUndefined();
});

test.each(['x'.repeat(120), 'ü'.repeat(60)])('where no socket can be, there is silence: %s', async (name) => {
  expect(await findSupervisorStatus(join(path, '..', name))).toBeUndefined();
});

test('a socket that cannot be asked is an error', async () => {
  await writeFile(path, '');
  await expect(findSupervisorStatus(join(path, 'keeper.sock'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});
