import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { describeLostMaster, findOwnMaster, lostOf, lostWarning } from '../../../src/commands/status/own-master.ts';
import type { Instance } from '../../../src/instance/instance.ts';
import { findProcess } from '../../../src/lib/process/processes.ts';
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

const findLostMaster = async (instance: Instance, at: { readonly port: number }) =>
  lostOf(await findOwnMaster(instance, at));

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

test('one that is busy is asked again: it is not lost, and answers late', async () => {
  const [instance, { port, close }] = [await makeInstance(), await serveInfo()];
  await findOwnMaster(instance, { port });
  await close();
  let asked = 0;
  const busy = createServer((_, response) => {
    asked += 1;
    if (asked > 2) response.end(JSON.stringify({ cluster_id: clusterId, version: '0.38.1' }));
  });
  await new Promise<void>((resolve) => busy.listen(port, '127.0.0.1', resolve));
  closing.push(
    async () => busy.closeAllConnections(),
    () => new Promise((resolve) => busy.close(resolve)),
  );
  expect(await findLostMaster(instance, { port })).toBeUndefined();
  expect(asked).toBe(3);
});

/** Two instances with the same port, of which `runs` runs a master there; here its supervisor is this test. */
const makeTwo = async (port: number, also: readonly string[]) => {
  const stateDir = await temporaryDir();
  const [first, second] = [await finishedInstance(stateDir, 'runs'), await finishedInstance(stateDir, 'second')];
  for (const instance of [first, second]) {
    const { settings } = instance.record();
    if (settings?.master) await instance.change({ settings: { ...settings, master: { ...settings.master, port } } });
  }
  const process = await findProcess(globalThis.process.pid);
  if (process) await first.journal({ kind: 'master', process });
  await first.change({ given: { 'master.also': also } });
  return { first, second };
};

test('the master that another instance runs for itself is not this one’s, and is not remembered here', async () => {
  const { port, close } = await serveInfo();
  const { first, second } = await makeTwo(port, []);
  expect((await findOwnMaster(first, { port })).info).toMatchObject({ clusterId });
  expect((await findOwnMaster(second, { port })).info).toBeUndefined();
  await close();
  expect(await findLostMaster(second, { port })).toBeUndefined();
});

test('one that serves both is the master of both; a URL of the user names its own', async () => {
  const { port } = await serveInfo();
  const { second } = await makeTwo(port, ['second']);
  expect((await findOwnMaster(second, { port })).info).toMatchObject({ clusterId });
  const other = (await makeTwo(port, [])).second;
  await other.change({ master: { scheme: 'http', host: '127.0.0.1', port, via: 'url' } });
  expect((await findOwnMaster(other, { port })).info).toMatchObject({ clusterId });
});

test('a record of another instance that cannot be read says nothing about this one', async () => {
  const { port } = await serveInfo();
  const { first, second } = await makeTwo(port, ['second']);
  await writeFile(join(first.dir, 'instance.json'), '{');
  expect((await findOwnMaster(second, { port })).info).toMatchObject({ clusterId });
});

test('what to do, and of what a master ends', () => {
  const text = describeLostMaster({ address: '127.0.0.1:8080', clusterId });
  expect(text).toContain(`cluster id ${clusterId} that answered at 127.0.0.1:8080 before no longer does`);
  expect(text).toMatch(/start it again, with its database; .*log .*"retry watcher .* stopped unexpectedly"/);
});

test('up warns of a master that is gone, unless it runs that itself; nothing of one that answers or never did', () => {
  const gone = { address: '127.0.0.1:8080', known: clusterId };
  expect(lostWarning(gone, { withMaster: false })).toContain(clusterId);
  expect(lostWarning(gone, { withMaster: true })).toBeUndefined();
  const info = { clusterId, version: '0.38.1' };
  expect(lostWarning({ ...gone, info }, { withMaster: false })).toBeUndefined();
  expect(lostWarning({ address: '127.0.0.1:8080' }, { withMaster: false })).toBeUndefined();
});
