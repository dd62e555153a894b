import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { changesBetween, takeSnapshot } from '../../scripts/testbed/objects.ts';
import { pathWithoutMinikube, serveMinikube } from '../support/e2e/minikube-program.ts';
import { docker, leftovers, listProfiles, minikube, profileOf } from '../support/e2e/real-minikube.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { runDir } from '../support/temporary-dir.ts';

/** Few, since Docker starts a process for each; not the default range, which other suites have. */
const [first, last] = [24_000, 24_019];

let dir: string;
let taskgate: Taskgate;
let profile: string;
const up = (...args: readonly string[]) =>
  taskgate.run(
    ...['up', '--provider', 'minikube', '--gateway-reach', 'published'],
    ...[
      '--gateway-port-range-start',
      `${first}`,
      '--gateway-port-range-end',
      `${last}`,
      '--gateway-seed-port',
      '23999',
    ],
    ...args,
  );

/** What all suites share is not to get a Minikube that only a mirror of ours proves. */
const copyCache = async (target: string): Promise<void> => {
  const shared = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'taskgate', 'items');
  await mkdir(target, { recursive: true });
  const { failed } = await execa('cp', ['--archive', '--link', shared, target], { reject: false });
  if (failed) await execa('cp', ['--archive', shared, target]);
};

beforeAll(async () => {
  dir = await runDir('published');
  await copyCache(join(dir, 'cache', 'taskgate'));
  taskgate = await makeTaskgate({ XDG_CACHE_HOME: join(dir, 'cache') });
  profile = profileOf(taskgate, 'dev');
});
afterAll(async () => {
  await taskgate.close('dev');
  await rm(dir, { recursive: true, force: true });
});

/** How a connection to a port of this host ends without a word from us. */
const dial = (port: number): Promise<'refused' | 'closed'> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => socket.on('close', () => resolve('closed')).resume());
    socket.on('error', () => resolve('refused'));
  });

test('a port of the range that a program holds is named before Minikube is started', async () => {
  const server = createServer().listen(last, '127.0.0.1');
  await once(server, 'listening');
  const ended = await up();
  server.close();
  expect(ended.exitCode).toBe(3);
  expect(ended.stderr).toContain(`port ${last} of 127.0.0.1, which is to be published, is held by`);
  expect(ended.stderr).toContain(`(pid ${process.pid})`);
  expect(await listProfiles()).not.toContain(profile);
});

test('up proves the path through ports that Docker publishes, and no forward runs', async () => {
  const ended = await up('--json');
  expect(ending(ended)).toBe('exit 0');
  const { proof, gateway } = JSON.parse(ended.stdout);
  expect(proof.ok).toBe(true);
  expect(gateway).toMatchObject({ address: '127.0.0.1', via: 'published', portRange: { start: first, end: last } });
  const { journal, cluster } = await taskgate.record('dev');
  expect(journal.map(({ kind }) => kind)).toEqual(['minikube-profile']);
  expect(cluster?.published).toMatchObject({ address: '127.0.0.1', portRange: { start: first, end: last } });
  expect(await taskgate.file('dev', 'master.yaml')).toContain('gateway_ip: 127.0.0.1');
});

test('a published port without a listener takes a connection, and closes it', async () => {
  expect(await dial(first + 5)).toBe('closed');
  expect(await dial(last + 1)).toBe('refused');
});

test('status has two addresses, and the second up changes not one object', async () => {
  const status = await taskgate.run('status');
  expect(ending(status)).toBe('exit 0');
  expect(status.stdout).toContain(`task ports on 127.0.0.1:${first}-${last}, to programs on this host`);
  expect(status.stdout).toMatch(new RegExp(`task ports on 192\\.168\\.\\d+\\.2:${first}-${last}, to connections from`));
  const kube = await taskgate.kube('dev');
  const objects = await takeSnapshot(kube);
  const again = await up();
  expect(ending(again)).toBe('exit 0');
  expect(again.stderr).toContain('nothing changed since the proof at');
  expect(changesBetween(objects, await takeSnapshot(kube))).toEqual([]);
});

test('auto keeps them as long as they are there, and takes the node, which this host reaches', async () => {
  const ended = await up('--gateway-reach', 'auto', '--json');
  expect(ending(ended)).toBe('exit 0');
  expect(JSON.parse(ended.stdout).gateway.address).not.toBe('127.0.0.1');
  expect(ending(await up())).toBe('exit 0');
  expect((await taskgate.record('dev')).gateway?.address).toBe('127.0.0.1');
});

test('another range needs another node: it is refused before anything is changed', async () => {
  const ended = await up('--gateway-port-range-end', `${last + 1}`);
  expect(ended.exitCode).toBe(5);
  expect(ended.stderr).toContain(
    `published ports: wanted 127.0.0.1:${first}-${last + 1}, has 127.0.0.1:${first}-${last}`,
  );
  expect(ended.stderr).toContain('--recreate');
  expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
});

test('they are there again after minikube stop and up', async () => {
  await minikube('stop', `--profile=${profile}`);
  expect(await dial(first)).toBe('refused');
  expect(ending(await up())).toBe('exit 0');
  expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
});

test('--recreate gives it the range that was refused; --install-minikube, the pinned Minikube where there is none', async () => {
  const mirror = await serveMinikube(join(dir, 'mirror'));
  const pinned = ['--install-minikube', '--mirror', mirror.url, '--trust-mirror'];
  const idOf = () => docker('inspect', '--format', '{{.Id}}', profile);
  const before = await idOf();
  vi.stubEnv('PATH', pathWithoutMinikube);
  const ended = await up('--gateway-port-range-end', `${last + 1}`, '--recreate', ...pinned, '--json');
  vi.unstubAllEnvs();
  mirror.close();
  expect(ending(ended)).toBe('exit 0');
  expect(JSON.parse(ended.stdout).proof.ok).toBe(true);
  expect(ended.stderr).toContain(`deleting ${profile} (published ports: wanted`);
  expect(await dial(last + 1)).toBe('closed');
  expect(await idOf()).not.toBe(before);
  expect((await taskgate.record('dev')).minikube?.program).toContain(`${taskgate.cacheDir}/items/minikube-`);
});

test('down leaves nothing', async () => {
  expect(ending(await taskgate.run('down'))).toBe('exit 0');
  expect(await leftovers(profile)).toEqual([]);
  expect(await listProfiles()).not.toContain(profile);
  expect(await dial(first)).toBe('refused');
});
