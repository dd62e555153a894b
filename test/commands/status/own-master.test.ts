import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { describeLostMaster, findLostMaster, findOwnMaster } from '../../../src/commands/status/own-master.ts';
import { finishedInstance } from '../../support/finished-instance.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const clusterId = '1a2b3c4d-0000-4000-8000-000000000000';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A stand-in of a master: its `/info` on a port of its own. */
const serveInfo = async (id = clusterId) => {
  const answer = JSON.stringify({ cluster_id: id, version: '0.38.1' });
  const server = createServer((_, response) => response.end(answer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve));
  closing.push(close);
  return { port, close };
};

const makeInstance = async () => finishedInstance(await temporaryDir(), 'dev');

test('a master that never answered is not lost', async () => {
  expect(await findLostMaster(await makeInstance(), { port: 1 })).toBeUndefined();
});

test('one that answered and no longer does is, with its id and its address', async () => {
  const [instance, { port, close }] = [await makeInstance(), await serveInfo()];
  expect(await findOwnMaster(instance, { port })).toMatchObject({ info: { clusterId, version: '0.38.1' } });
  expect(await findLostMaster(instance, { port })).toBeUndefined();
  await close();
  expect(await findLostMaster(instance, { port })).toEqual({ address: `127.0.0.1:${port}`, clusterId });
});

test('another master in its place has replaced it', async () => {
  const [instance, first] = [await makeInstance(), await serveInfo()];
  await findOwnMaster(instance, first);
  const second = await serveInfo('9f8e7d6c-0000-4000-8000-000000000000');
  expect(await findLostMaster(instance, second)).toBeUndefined();
  await second.close();
  expect(await findLostMaster(instance, second)).toMatchObject({ clusterId: expect.stringMatching(/^9f8e7d6c/) });
});

test('what to do, and of what a master ends', () => {
  const text = describeLostMaster({ address: '127.0.0.1:8080', clusterId });
  expect(text).toContain(`cluster id ${clusterId} that answered at 127.0.0.1:8080 before no longer does`);
  expect(text).toMatch(/start it again, with its database; .*log .*"retry watcher .* stopped unexpectedly"/);
});
