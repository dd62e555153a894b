import { access, chown, link, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { handOver } from '../../src/instance/hand-over.ts';
import { withInstanceLock } from '../../src/instance/lock.ts';
import { determinedPaths, instanceDirOf, instancePaths, statePaths } from '../../src/instance/paths.ts';
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
  const wheel = join(paths.masterRootDir, 'wheels', 'determined-0.38.1-py3-none-any.whl');
  const { blockedDir } = statePaths(stateDir);
  const [blocked, othersBlocked] = [join(blockedDir, 'dev'), join(blockedDir, 'other')];
  const draft = join(paths.logsDir, 'etcd.log.1.tmp');
  const { configPath, databaseUrlPath, databasePortPath, logPath, databaseDir, determinedDir } = determinedPaths(
    dirname(paths.recordPath),
  );
  const ofMaster = [configPath, databaseUrlPath, databasePortPath, logPath];
  const files = [
    ...ofMaster,
    join(databaseDir, 'PG_VERSION'),
    paths.recordPath,
    paths.kubeconfigPath,
    paths.supervisorSpecPath,
    nodeFile,
    etcdLog,
    fullLog,
    podLog,
    draft,
    wheel,
    blocked,
    othersBlocked,
  ];
  for (const path of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '');
  }
  const { recordPath, kubeconfigPath, supervisorSpecPath, logsDir, nodeDir } = paths;
  return {
    context: { config: { name: 'dev' }, folders: { stateDir } },
    users: [
      stateDir,
      recordPath,
      kubeconfigPath,
      logsDir,
      etcdLog,
      fullLog,
      dirname(dirname(wheel)),
      dirname(wheel),
      wheel,
      blockedDir,
      blocked,
      determinedDir,
      ...ofMaster,
    ],
    roots: [databaseDir, supervisorSpecPath, nodeDir, nodeFile, dirname(podLog), podLog, draft, othersBlocked],
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
    const notes: string[] = [];
    const working = withInstanceLock({ ...context, signal, env: sudo }, work, (text) => notes.push(text));
    expect(await working.catch((error) => error.message)).toBe(
      (await work().catch((error) => error.message)) ?? undefined,
    );
    expect(await ownersOf(users)).toEqual(new Set([4321]));
    expect(await ownersOf(roots)).toEqual(new Set([0]));
    expect(notes).toEqual([]);
  },
);

/** A folder of root's own, with files of the names that are handed over. */
const makeVictim = async () => {
  const victim = await temporaryDir();
  const files = ['shadow', 'auth.log', 'dev/shadow', 'dev/logs/auth.log', 'logs/auth.log'].map((file) =>
    join(victim, file),
  );
  for (const path of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '');
  }
  return { victim, files };
};

type Made = Awaited<ReturnType<typeof makeFolder>>;
const instanceOf = ({ context }: Made) => instanceDirOf(context.folders.stateDir, 'dev');

test.skipIf(!isRoot).each<[string, (made: Made) => string]>([
  ['the state folder', ({ context }) => context.folders.stateDir],
  ['the folder of all instances', (made) => dirname(instanceOf(made))],
  ["the instance's folder", instanceOf],
  ['the folder of its logs', (made) => instancePaths(instanceOf(made)).logsDir],
])('a link in the place of %s gives nothing away, and is told', async (_, placeOf) => {
  const made = await makeFolder();
  const { victim, files } = await makeVictim();
  const place = placeOf(made);
  const notes: string[] = [];
  const swap = async () => {
    await rename(place, `${place}.old`);
    await symlink(victim, place);
    return 'done';
  };
  const input = { ...made.context, signal: new AbortController().signal, env: sudo };
  expect(await withInstanceLock(input, swap, (text) => notes.push(text))).toBe('done');
  expect(await ownersOf([victim, ...files])).toEqual(new Set([0]));
  expect(notes).toEqual([expect.stringMatching(`^not all files of instance dev became yours.*: ${place} is a link`)]);
});

test.skipIf(!isRoot)("a second name of a file of root's, and a link to it, stay root's", async () => {
  const made = await makeFolder();
  const { victim, files } = await makeVictim();
  const [shadow = ''] = files;
  await link(shadow, join(instanceOf(made), 'shadow'));
  await symlink(victim, join(instanceOf(made), 'victim'));
  await handOver(sudo, made.context);
  expect(await ownersOf([victim, ...files])).toEqual(new Set([0]));
  expect(await ownersOf(made.users)).toEqual(new Set([4321]));
});

test.skipIf(!isRoot)('that files cannot be handed over is a note, whether the work went well or failed', async () => {
  const { context } = await makeFolder();
  const notes: string[] = [];
  const input = { ...context, signal: new AbortController().signal, env: sudo };
  const { logsDir } = instancePaths(instanceDirOf(context.folders.stateDir, 'dev'));
  const breakLogs = async () => {
    await rm(logsDir, { recursive: true, force: true });
    await writeFile(logsDir, '');
  };
  const fail = async () => {
    await breakLogs();
    throw new Error('no answer');
  };
  expect(await withInstanceLock(input, breakLogs, (text) => notes.push(text))).toBeUndefined();
  await expect(withInstanceLock(input, fail, (text) => notes.push(text))).rejects.toThrow('no answer');
  expect(notes).toEqual(Array(2).fill(expect.stringContaining(`: ${logsDir} is a link, or no folder`)));
});
