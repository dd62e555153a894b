import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeSudoUser, type SudoUser } from '../support/e2e/sudo-user.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { figure } from '../support/figure.ts';
import { noSudo } from '../support/process/sudoer.ts';
import { runDir } from '../support/temporary-dir.ts';

/** Root, whose cache has what the user's is filled from. */
let machine: Taskgate;
let user: SudoUser;

type Entry = { readonly path: string; readonly uid: number; readonly gid: number; readonly mode: number };

const entriesBelow = async (folder: string): Promise<readonly Entry[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    [folder, ...paths].map(async (path) => {
      const { uid, gid, mode } = await lstat(path);
      return { path: relative(user.home, path), uid, gid, mode };
    }),
  );
};

const describeEntry = ({ path, uid, gid, mode }: Entry): string =>
  `${uid}:${gid} ${(mode & 0o7777).toString(8)} ${path}`;

const isFolder = ({ mode }: Entry): boolean => (mode & 0o170000) === 0o040000;

/** What a node's processes write: containerd, etcd and kubelet set modes of their own, in folders that are closed. */
const ofProcesses = /\/node\/(?!config\/|pki\/|kubeconfigs\/)[^/]+\/|\/logs\/pods\//;
/** What `up` writes for the node as root, and root reads again: who could change it could say what root runs. */
const ofRoot = /\/instances\/[^/]+\/(node(\/|$)|keeper\.json$|logs\/pods(\/|$))/;

/** What kubeadm and kubelet leave open to be read, in a folder that only root may enter: folders and certificates. */
const isOpenInNode = (entry: Entry): boolean =>
  entry.path.includes('/node/') && (isFolder(entry) || entry.path.endsWith('.crt'));

/** The bits that an entry must not have. */
const closedBits = (entry: Entry): number => {
  if (entry.path.endsWith('/logs/pods')) return 0o7027;
  if (isOpenInNode(entry)) return 0o7022;
  return isFolder(entry) ? 0o7077 : 0o7177;
};

const isUnlikePromised = (entry: Entry): boolean => {
  const { path, uid, gid, mode } = entry;
  if (ofProcesses.test(path)) return !path.includes('/node/') && uid !== 0;
  const owner = ofRoot.test(path) ? { uid: 0, gid: 0 } : user;
  return uid !== owner.uid || gid !== owner.gid || (mode & closedBits(entry)) !== 0;
};

/** Entries of the state folder that are not as docs/architecture.md promises. */
const unlikePromised = async (): Promise<readonly string[]> =>
  (await entriesBelow(user.stateDir)).filter(isUnlikePromised).map(describeEntry);

/** Entries of the cache that are not the user's, or that others may change. */
const foreignInCache = async (): Promise<readonly string[]> =>
  (await entriesBelow(user.cacheDir))
    .filter(({ uid, gid, mode }) => uid !== user.uid || gid !== user.gid || (mode & 0o7022) !== 0)
    .map(describeEntry);

const makeBundle = async () => {
  const dir = await runDir('bundle');
  await chmod(dir, 0o755);
  const ended = await machine.run('prefetch', '--bundle', dir, '--json');
  expect(ending(ended)).toBe('exit 0');
  const { bundleDigest } = JSON.parse(ended.stdout) as { readonly bundleDigest: string };
  return { dir, flags: ['--bundle', dir, '--bundle-digest', bundleDigest] };
};

describe.skipIf(noSudo)(`${noSudo}an ordinary user who may sudo`, () => {
  let bundle: Awaited<ReturnType<typeof makeBundle>>;

  beforeAll(async () => {
    machine = await makeTaskgate();
    bundle = await makeBundle();
    user = await makeSudoUser(machine.masterPort);
  });
  afterAll(async () => {
    await user.close('mine');
    await rm(bundle.dir, { recursive: true, force: true });
    await machine.close();
  });

  test('up, from an empty cache: the path is proven, and every file has the owner and the mode that are promised', async () => {
    const up = await user.run('up', '--provider', 'native', '--name', 'mine', ...bundle.flags);
    expect(ending(up)).toBe('exit 0');
    const files = await readdir(join(user.stateDir, 'instances', 'mine'));
    expect(files).toEqual(expect.arrayContaining(['instance.json', 'keeper.json', 'keeper.sock', 'logs', 'node']));
    const wrong = await unlikePromised();
    expect(wrong).toEqual([]);
    expect(await foreignInCache()).toEqual([]);
    figure('files with another owner or mode than promised, after up by sudo', wrong.length);
  });

  test.each([
    ['status'],
    ['env'],
    ['logs', 'etcd'],
    ['exposure'],
    ['config', 'account'],
    ['smoke'],
  ])('%s works without sudo', async (...command) => {
    expect(ending(await user.runWithoutSudo(...command, '--name', 'mine'))).toBe('exit 0');
  });

  test('a second up finds it as it was proven, and changes no owner', async () => {
    const up = await user.run('up', '--name', 'mine', ...bundle.flags);
    expect(ending(up)).toBe('exit 0');
    expect(up.stderr).toContain('healthy, proven at');
    expect(await unlikePromised()).toEqual([]);
  });

  test('chaos breaks and mends as root, and changes no owner', async () => {
    const chaos = await user.run('chaos', '--name', 'mine', '--scenario', 'etcd-frozen', '--slack', '6', '--json');
    expect(ending(chaos)).toBe('exit 0');
    expect(JSON.parse(chaos.stdout)).toMatchObject({ faults: 1, recovered: 1, lostBytes: 0, leftovers: 0 });
    expect(await unlikePromised()).toEqual([]);
  });

  test('down leaves nothing but the cache, which is the user’s', async () => {
    expect(ending(await user.run('down', '--name', 'mine'))).toBe('exit 0');
    expect(await readdir(join(user.stateDir, 'instances'))).toEqual([]);
    expect(await unlikePromised()).toEqual([]);
    expect(await foreignInCache()).toEqual([]);
    const foreign = (await entriesBelow(user.home)).filter(({ uid }) => uid !== user.uid).map(describeEntry);
    expect(foreign).toEqual([]);
    const ofRootsOwn = await readdir(join(homedir(), '.local', 'state', 'taskgate', 'instances')).catch(() => []);
    expect(ofRootsOwn).not.toContain('mine');
  });
});
