import { chmod, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { fakeRunner } from '../fakes/runner.ts';
import { commandContext } from '../support/context.ts';
import { golden, goldenLines, temporaryFolder } from '../support/golden/files.ts';
import { openInstance } from '../support/golden/open-instance.ts';
import { native } from '../support/golden/records.ts';
import {
  configPaths,
  createInstance,
  fillCache,
  instancePaths,
  masterValuesOf,
  nodePaths,
  openTunnelJournal,
  replaceUserFile,
  saveOriginalState,
  statePaths,
  withInstanceLock,
  writeReports,
  xdgDirs,
} from '../support/golden/source.ts';
import { before } from '../support/golden/specs.ts';

/** Paths of all files below a folder. */
const filesBelow = async (dir: string): Promise<readonly string[]> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => relative(dir, join(parentPath, name))).toSorted();
};

const setUp = async () => {
  const home = await temporaryFolder();
  const folders = xdgDirs({ HOME: home });
  const { name, provider, cidr } = native;
  const instance = await createInstance(folders.stateDir, { name, provider, cidr });
  return { folders, instance, context: commandContext({ name, folders }) };
};

test('folders of taskgate', () => {
  expect(xdgDirs({ HOME: '/home/user' })).toEqual({
    stateDir: '/home/user/.local/state/taskgate',
    cacheDir: '/home/user/.cache/taskgate',
  });
  expect(xdgDirs({ HOME: '/home/user', XDG_STATE_HOME: '/state', XDG_CACHE_HOME: '/cache' })).toEqual({
    stateDir: '/state/taskgate',
    cacheDir: '/cache/taskgate',
  });
  expect(statePaths('/state/taskgate')).toEqual({
    instancesDir: '/state/taskgate/instances',
    locksDir: '/state/taskgate/locks',
    networkLock: '/state/taskgate/network.lock',
    blockedDir: '/state/taskgate/blocked',
  });
});

test('paths in the folder of an instance are those of layout.txt', async () => {
  const { instance } = await openInstance('native');
  const paths = instancePaths(instance.dir);
  await writeFile(paths.passwordPath, 'secret');
  const { cacheDir } = await masterValuesOf(instance);
  const all = [
    ...Object.values(paths),
    ...Object.values(nodePaths(instance.dir)),
    ...Object.values(configPaths(instance.dir)),
    cacheDir,
  ];
  expect([...new Set(all.map((path) => relative(instance.dir, path)))].toSorted()).toEqual(goldenLines('layout.txt'));
});

test('files that are written in the folder of an instance', async () => {
  const { instance, context } = await setUp();
  await saveOriginalState(instance, before);
  await writeReports({ context: { ...context, startedAt: new Date(0) }, result: { instance }, stages: [], notes: [] });
  await mkdir(instancePaths(instance.dir).logsDir);
  openTunnelJournal(instancePaths(instance.dir).tunnelLogPath).log('a line');
  expect(await filesBelow(instance.dir)).toEqual([
    'before.json',
    'instance.json',
    'logs/tunnel.log',
    'report.html',
    'report.json',
  ]);
});

test('the lock of an instance', async () => {
  const { folders, context } = await setUp();
  const notes: string[] = [];
  const during = await withInstanceLock(
    context,
    () => filesBelow(folders.stateDir),
    (text) => notes.push(text),
  );
  expect(notes).toEqual([]);
  expect(during).toEqual(['instances/dev/instance.json', 'locks/dev']);
});

test('the backup of a file of the user', async () => {
  const path = join(await temporaryFolder(), 'master.yaml');
  await writeFile(path, 'theirs');
  expect(await replaceUserFile(path, 'ours', { backups: 'each' })).toBe(`${path}.taskgate-backup`);
});

test('the cache: its lock, its scratch folder, an item with its stamp', async () => {
  const { folders } = await setUp();
  const { cacheDir } = folders;
  let during: readonly string[] = [];
  const make = async (dir: string) => {
    await mkdir(dir);
    await writeFile(join(dir, 'tool'), 'tool');
    await chmod(join(dir, 'tool'), 0o755);
    await utimes(join(dir, 'tool'), 1_700_000_000, 1_700_000_000);
    during = await filesBelow(cacheDir);
  };
  const item = { name: 'tool', version: 'v1', key: 'tool-v1', sources: [{ name: 'go', make }] } as const;
  const filling = { templatesDir: '/templates', arch: 'amd64', signal: new AbortController().signal } as const;
  await fillCache({ item }, { ...filling, cacheDir, runner: fakeRunner({}).runner, report: () => undefined });
  expect(during).toEqual(['lock', 'scratch/tool-v1/item/tool']);
  expect(await filesBelow(cacheDir)).toEqual(['items/tool-v1/stamp.json', 'items/tool-v1/tool']);
  expect(await readFile(join(cacheDir, 'items/tool-v1/stamp.json'), 'utf8')).toBe(golden('specs/stamp.json'));
});
