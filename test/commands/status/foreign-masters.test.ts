import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findForeignMasters } from '../../../src/commands/status/foreign-masters.ts';
import { findOwnMaster } from '../../../src/commands/status/own-master.ts';
import { startPlaceholder } from '../../../src/proof/probe/placeholder-master.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { finishedInstance } from '../../support/finished-instance.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const own = '1a2b3c4d-0000-4000-8000-000000000000';
const fixture = (name: string) => readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', name));
const closing: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A master's `/info` on a port of its own; ends after the test, or when it is closed. */
const serveInfo = async (answer: string, tls = false) => {
  const reply = (_: unknown, response: { end: (text: string) => void }) => response.end(answer);
  const certificate = { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem') };
  const server = tls ? createTlsServer(certificate, reply) : createServer(reply);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise((resolve) => server.close(resolve));
  closing.push(close);
  return { port: (server.address() as AddressInfo).port, close };
};

const info = JSON.stringify({ cluster_id: own, version: '0.38.1' });

const kinds = [
  'v1/ConfigMap',
  'v1/Pod',
  'gateway.networking.k8s.io/v1alpha2/TCPRoute',
  'gateway.networking.k8s.io/v1/Gateway',
  'batch/v1/Job',
];

const jobOf = (cluster: string) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: `det-${cluster}-cmd-a`, namespace: 'default', labels: { determined: 'a.1' } },
});

const look = async (port: number, clusters: readonly string[]) => {
  const stateDir = await temporaryDir();
  const instance = await finishedInstance(stateDir, 'dev');
  const { kube } = fakeKube({ objects: clusters.map(jobOf), kinds });
  const at = (other: number) => ({
    gateway: { name: 'contour', namespace: 'projectcontour' },
    master: { taskNamespace: 'default', port: other },
  });
  const find = async (other = port) =>
    findForeignMasters(kube, await findOwnMaster(instance, { port: other }), at(other));
  return { instance, kube, find, settings: at(port) };
};

test('without traces of a master there is none, whether or not ours was ever seen', async () => {
  const { port } = await serveInfo(info);
  const { find } = await look(port, []);
  expect(await find(1)).toEqual([]);
  expect(await find()).toEqual([]);
});

test('while ours was never seen, every trace is told', async () => {
  const { find } = await look(1, ['1a2b3c4d']);
  expect(await find()).toEqual([
    {
      id: 'cluster.foreign-master',
      message:
        'namespace default has tasks of another master, with cluster id 1a2b3c4d...: Job default/det-1a2b3c4d-cmd-a',
      hint: expect.stringContaining('If it is yours, start it with the same database'),
    },
  ]);
});

test.each([
  false,
  true,
])('ours is learnt where it answers, and remembered when it is stopped (TLS: %s)', async (tls) => {
  const { port, close } = await serveInfo(info, tls);
  const { find } = await look(port, ['1a2b3c4d', '99887766']);
  const foreign = [expect.objectContaining({ message: expect.stringContaining('99887766') })];
  expect(await find()).toEqual(foreign);
  await close();
  expect(await find()).toEqual(foreign);
});

test('a master with a new database takes the place of the one before', async () => {
  const first = await serveInfo(info);
  const second = await serveInfo(JSON.stringify({ cluster_id: '99887766-0000', version: '0.38.1' }));
  const { find } = await look(first.port, ['1a2b3c4d']);
  expect(await find()).toEqual([]);
  expect(await find(second.port)).toHaveLength(1);
  expect(await find(1)).toHaveLength(1);
});

test.each(['{}', 'hello', '{"cluster_id": 1}'])('what answers %s is no master', async (answer) => {
  const { port } = await serveInfo(answer);
  const { find, instance } = await look(port, ['1a2b3c4d']);
  expect(await find()).toHaveLength(1);
  expect(await readdir(instance.dir)).not.toContain('master-cluster-id');
});

test('our own stand-in is no master', async () => {
  const placeholder = await startPlaceholder({ host: '127.0.0.1', port: 28_391 });
  closing.push(placeholder.close);
  const { find, instance } = await look(28_391, ['1a2b3c4d']);
  expect(await find()).toHaveLength(1);
  expect(await readdir(instance.dir)).not.toContain('master-cluster-id');
});

test('a master behind a URL of the user is asked there', async () => {
  const { port } = await serveInfo(info);
  const { find, instance } = await look(1, ['1a2b3c4d']);
  await instance.change({ master: { scheme: 'http', host: '127.0.0.1', port, via: 'url' } });
  expect(await find()).toEqual([]);
});

test('a folder that `down` has just removed is not made again', async () => {
  const { port } = await serveInfo(info);
  const { find, instance } = await look(port, ['1a2b3c4d']);
  await rm(instance.dir, { recursive: true });
  expect(await find()).toEqual([]);
  await expect(readdir(instance.dir)).rejects.toThrow('ENOENT');
});
