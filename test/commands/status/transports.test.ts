import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeTransports, type TaskListener, withTransports } from '../../../src/commands/status/transports.ts';

const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../../fixtures', name));

const listen = async (server: Server): Promise<TaskListener> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { name: `det-${port}`, port };
};

const exposure = { address: '127.0.0.1:20000-20199', protection: 'nothing' };
const statusOf = (listeners: readonly TaskListener[], state = 'running') => ({
  ...{ name: 'dev', state, listeners, record: { gateway: { address: '127.0.0.1' } } },
  exposed: [
    { what: 'task ports', to: 'this host', ...exposure },
    { what: 'master', to: 'the internet', ...exposure },
  ] as const,
});

/** A TensorBoard and a notebook, and how often they were dialed. */
const startTasks = async () => {
  let dials = 0;
  const count = () => void dials++;
  const tls = { cert: fixture('localhost-cert.pem'), key: fixture('localhost-key.pem') };
  const board = await listen(createHttp().on('connection', count));
  const notebook = await listen(createHttps(tls).on('connection', count));
  return { board, notebook, dials: () => dials };
};

test('each listener is asked; who reaches clear text is said, and what it may be', async () => {
  const { board, notebook } = await startTasks();
  const silent = { name: 'det-1', port: 1 };
  const asked = await withTransports(statusOf([notebook, silent, board]), new Map());
  expect(asked.listeners).toEqual([
    { ...notebook, transport: 'tls' },
    { ...silent, transport: 'silent' },
    { ...board, transport: 'clear' },
  ]);
  expect(describeTransports(asked)).toEqual([
    `${board.name} clear text, reachable by this host: TensorBoard or command`,
    `${notebook.name} TLS`,
    'det-1 no answer to a ClientHello',
  ]);
});

test('who watches asks a task once; one on a port that was free in between is another one', async () => {
  const { board, notebook, dials } = await startTasks();
  const known = new Map();
  for (let round = 0; round < 3; round++) await withTransports(statusOf([board, notebook]), known);
  expect(dials()).toBe(2);
  const { listeners } = await withTransports(statusOf([notebook]), known);
  expect(listeners).toEqual([{ ...notebook, transport: 'tls' }]);
  await withTransports(statusOf([board, notebook]), known);
  expect(dials()).toBe(3);
});

test.each([
  ['no listeners', [], 'running'],
  ['a cluster that does not run', [{ name: 'det-1', port: 1 }], 'stopped'],
] as const)('of %s nothing is asked, and nothing said', async (_, listeners, state) => {
  const status = statusOf(listeners, state);
  expect(await withTransports(status, new Map())).toBe(status);
  expect(describeTransports(status)).toEqual([]);
});

test('many of one kind are one line', () => {
  const listeners = Array.from({ length: 200 }, (_, index) => ({
    ...{ name: `det-${20_000 + index}`, port: 20_000 + index, transport: 'tls' as const },
  }));
  const [line, ...more] = describeTransports({ listeners });
  expect(line).toMatch(/^det-20000, .*, det-20007 and 192 more TLS$/);
  expect(more).toEqual([]);
});
