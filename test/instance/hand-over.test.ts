import { access, chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { handOver } from '../../src/instance/hand-over.ts';
import { withInstanceLock } from '../../src/instance/lock.ts';
import { instanceDirOf, instancePaths } from '../../src/instance/paths.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const isRoot = process.getuid?.() === 0;
const sudo = { SUDO_UID: '4321', SUDO_GID: '4322' };

/** An instance's folder as `up` leaves it, with a file of the user elsewhere. */
const makeFolder = async () => {
  const home = await temporaryDir();
  if (isRoot) await chown(home, 4321, 4322);
  const stateDir = join(home, 'taskgate');
  const paths = instancePaths(instanceDirOf(stateDir, 'dev'));
  const nodeFile = join(paths.nodeDir, 'config', 'kubelet.yaml');
  const [etcdLog, fullLog] = [join(paths.logsDir, 'etcd.log'), join(paths.logsDir, 'etcd.log.1')];
  const podLog = join(paths.logsDir, 'pods', '0.log');
  const draft = join(paths.logsDir, 'etcd.log.1.tmp');
  const files = [
    paths.recordPath,
    paths.kubeconfigPath,
    paths.supervisorSpecPath,
    nodeFile,
    etcdLog,
    fullLog,
    podLog,
    draft,
  ];
  for (const path of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '');
  }
  const { recordPath, kubeconfigPath, supervisorSpecPath, logsDir, nodeDir } = paths;
  return {
    context: { config: { name: 'dev' }, folders: { stateDir } },
    users: [stateDir, recordPath, kubeconfigPath, logsDir, etcdLog, fullLog],
    roots: [supervisorSpecPath, nodeDir, nodeFile, dirname(podLog), podLog, draft],
  };
};

const ownersOf = async (paths: readonly string[]) =>
  new Set(await Promise.all(paths.map(async (path) => (await stat(path)).uid)));

test.skipIf(!isRoot)("an instance's files become the caller's, the node's own stay root's", async () => {
  const { context, users, roots } = await makeFolder();
  await handOver(sudo, context);
  expect(await ownersOf(users)).toEqual(new Set([4321]));
  expect(await ownersOf(roots)).toEqual(new Set([0]));
});

test.skipIf(!isRoot)("in a folder of root, as by `sudo -i`, all stays root's", async () => {
  const { context, users } = await makeFolder();
  await chown(dirname(context.folders.stateDir), 0, 0);
  await handOver(sudo, context);
  expect(await ownersOf(users)).toEqual(new Set([0]));
});

test('without sudo, and for an instance that is gone, nothing happens', async () => {
  const { context, users } = await makeFolder();
  const before = await ownersOf(users);
  await handOver({}, context);
  expect(await ownersOf(users)).toEqual(before);
  await rm(instanceDirOf(context.folders.stateDir, 'dev'), { recursive: true });
  await handOver(sudo, context);
  await expect(access(instanceDirOf(context.folders.stateDir, 'dev'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test.skipIf(!isRoot).each([
  ['goes well', async () => undefined],
  ['fails', async () => Promise.reject(new Error('no answer'))],
])(
  'whatever a command does under the lock of an instance and %s: its files become the caller of sudo’s',
  async (_, work) => {
    const { context, users, roots } = await makeFolder();
    const { signal } = new AbortController();
    const working = withInstanceLock({ ...context, signal, env: sudo }, work);
    expect(await working.catch((error) => error.message)).toBe(
      (await work().catch((error) => error.message)) ?? undefined,
    );
    expect(await ownersOf(users)).toEqual(new Set([4321]));
    expect(await ownersOf(roots)).toEqual(new Set([0]));
  },
);
