import { chown, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeKubeconfig } from '../../../../src/lib/kube/kubeconfig/change.ts';
import { mergeKubeconfig, unmergeKubeconfig } from '../../../../src/lib/kube/kubeconfig/merge.ts';
import { trustedUids } from '../../../../src/lib/trust/users.ts';
import { added, config, contextNames } from '../../../support/kubeconfig.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const trusted = trustedUids({});

const setUp = async (text?: string) => {
  const dir = await temporaryDir();
  const path = join(dir, 'config');
  if (text !== undefined) await writeFile(path, text, { mode: 0o600 });
  return { dir, path, signal: new AbortController().signal };
};
const merge = (text: string) => mergeKubeconfig(text, added);

test('changes the file, keeps a backup and no lock; a second time nothing is written', async () => {
  const text = config(['work'], 'work');
  const { dir, path, signal } = await setUp(text);
  await changeKubeconfig(path, merge, { signal, trusted });
  expect(contextNames(await readFile(path, 'utf8'))).toEqual(['work', 'taskgate-dev']);
  expect(await readFile(`${path}.taskgate-backup`, 'utf8')).toBe(text);
  expect(await readdir(dir)).toEqual(['config', 'config.taskgate-backup']);
  const { ino } = await stat(path);
  await changeKubeconfig(path, merge, { signal, trusted });
  expect((await stat(path)).ino).toBe(ino);
  expect(await readFile(`${path}.taskgate-backup`, 'utf8')).toBe(text);
});

test('a missing file is created, readable by its owner only', async () => {
  const { dir, signal } = await setUp();
  const path = join(dir, 'kube', 'config');
  await changeKubeconfig(path, merge, { signal, trusted });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('no file is created if there is nothing to remove', async () => {
  const { dir, path, signal } = await setUp();
  await changeKubeconfig(path, (text) => unmergeKubeconfig(text, 'taskgate-dev'), { signal, trusted });
  expect(await readdir(dir)).toEqual([]);
});

test('the backup stays what the user had before the first change', async () => {
  const text = config(['work'], 'work');
  const { dir, path, signal } = await setUp(text);
  const change = (edit: (users: string) => string) => changeKubeconfig(path, edit, { signal, trusted });
  await change(merge);
  await change((users) => unmergeKubeconfig(users, 'taskgate-dev'));
  await change(merge);
  expect(await readFile(`${path}.taskgate-backup`, 'utf8')).toBe(text);
  expect(await readdir(dir)).toEqual(['config', 'config.taskgate-backup']);
});

test('a device is no kubeconfig, and gets no lock beside it', async () => {
  const { signal } = await setUp();
  await expect(changeKubeconfig('/dev/null', merge, { signal, trusted })).rejects.toMatchObject({
    id: 'usage.output',
    message: 'cannot write /dev/null: it is no regular file',
    hint: 'give the path of a regular file',
  });
  expect((await readdir('/dev')).filter((name) => name.startsWith('null'))).toEqual(['null']);
});

test('a link stays a link', async () => {
  const { dir, path, signal } = await setUp(config(['work'], 'work'));
  const link = join(dir, 'link');
  await symlink(path, link);
  await changeKubeconfig(link, merge, { signal, trusted });
  expect(await readlink(link)).toBe(path);
  expect(contextNames(await readFile(path, 'utf8'))).toContain('taskgate-dev');
});

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)('files that root changes or creates belong to the user', async () => {
  const { dir, path, signal } = await setUp(config(['work'], 'work'));
  await chown(dir, 4321, 4322);
  await chown(path, 4321, 4322);
  const fresh = join(dir, 'kube', 'deep', 'config');
  await changeKubeconfig(path, merge, { signal, trusted });
  await changeKubeconfig(fresh, merge, { signal, trusted });
  const owned = [path, `${path}.taskgate-backup`, join(dir, 'kube'), join(dir, 'kube', 'deep'), fresh];
  for (const one of owned) expect(await stat(one), one).toMatchObject({ uid: 4321, gid: 4322 });
});

test("waits for kubectl's lock and does not touch the file meanwhile", async () => {
  const text = config(['work'], 'work');
  const { path, signal } = await setUp(text);
  await writeFile(`${path}.lock`, '');
  await expect(changeKubeconfig(path, merge, { signal, trusted, timeoutMs: 150 })).rejects.toMatchObject({
    id: 'environment.kubeconfig-locked',
    hint: `if nothing writes it, remove ${path}.lock`,
  });
  expect(await readFile(path, 'utf8')).toBe(text);
  const changing = changeKubeconfig(path, merge, { signal, trusted });
  await rm(`${path}.lock`);
  await changing;
  expect(contextNames(await readFile(path, 'utf8'))).toContain('taskgate-dev');
});

test('two concurrent changes are both applied', async () => {
  const { path, signal } = await setUp(config(['work'], 'work'));
  const other = config(['taskgate-other'], 'taskgate-other');
  await Promise.all([
    changeKubeconfig(path, merge, { signal, trusted }),
    changeKubeconfig(path, (text) => mergeKubeconfig(text, other), { signal, trusted }),
  ]);
  expect(contextNames(await readFile(path, 'utf8')).toSorted()).toEqual(['taskgate-dev', 'taskgate-other', 'work']);
});

test('a file that is not a kubeconfig is left unchanged, without a lock', async () => {
  const { dir, path, signal } = await setUp('- a list');
  await expect(changeKubeconfig(path, merge, { signal, trusted })).rejects.toMatchObject({ id: 'usage.kubeconfig' });
  expect(await readFile(path, 'utf8')).toBe('- a list');
  expect(await readdir(dir)).toEqual(['config']);
});
