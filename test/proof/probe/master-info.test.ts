import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findMasterInfo } from '../../../src/proof/probe/master-info.ts';
import { freePort, httpServer, listening } from '../../support/proof/local-path.ts';

const host = '127.0.0.1';
const info = JSON.stringify({ cluster_id: 'c1', version: '0.38.1' });
const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', name), 'utf8');

test('a master that speaks http is found', async () => {
  await using server = await httpServer(info);
  expect(await findMasterInfo({ host, port: server.port })).toEqual({ clusterId: 'c1', version: '0.38.1' });
});

test('one that speaks TLS is found, whatever its certificate', async () => {
  const pair = { cert: fixture('localhost-cert.pem'), key: fixture('localhost-key.pem') };
  await using server = await listening(createServer(pair, (_, response) => response.end(info)));
  expect(await findMasterInfo({ host, port: server.port })).toEqual({ clusterId: 'c1', version: '0.38.1' });
});

test.each([
  ['a placeholder, which repeats the nonce', JSON.stringify({ cluster_id: 'c1', version: 'v', nonce: '' })],
  ['another program', 'hello'],
])('%s is no master', async (_, body) => {
  await using server = await httpServer(body);
  expect(await findMasterInfo({ host, port: server.port })).toBeUndefined();
});

test('a port on which nothing listens has no master', async () => {
  expect(await findMasterInfo({ host, port: await freePort() })).toBeUndefined();
});
