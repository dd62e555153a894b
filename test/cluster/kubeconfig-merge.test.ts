import { chown, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeKubeconfig, mergeKubeconfig, unmergeKubeconfig } from '../../src/cluster/kubeconfig-merge.ts';
import { parseYaml, renderYaml } from '../../src/lib/template.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const config = (names: readonly string[], current: string, server = 'https://a') =>
  renderYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: names.map((name) => ({ name, cluster: { server } })),
    users: names.map((name) => ({ name, user: { token: `t-${name}` } })),
    contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
    'current-context': current,
  });

const ours = config(['taskgate-dev'], 'taskgate-dev', 'https://ours');

type Parsed = Readonly<Record<'clusters' | 'users' | 'contexts', readonly { name: string }[]>> & {
  readonly 'current-context': string;
  readonly preferences?: unknown;
};
const read = (text: string) => parseYaml(text) as Parsed;
const names = (text: string) => read(text).contexts.map(({ name }) => name);

test('entries are added, the current context and all else stay', () => {
  const theirs = `${config(['work', 'home'], 'work')}preferences: { colors: true }\n`;
  const merged = mergeKubeconfig(theirs, ours);
  expect(names(merged)).toEqual(['work', 'home', 'taskgate-dev']);
  expect(read(merged)).toMatchObject({ 'current-context': 'work', preferences: { colors: true } });
  expect(read(merged).clusters.slice(0, 2)).toEqual(read(theirs).clusters);
});

test('an entry of the same name is replaced, and doing it again changes nothing', () => {
  const once = mergeKubeconfig(config(['taskgate-dev', 'work'], 'work', 'https://old'), ours);
  expect(read(once).clusters).toEqual([
    { name: 'work', cluster: { server: 'https://old' } },
    { name: 'taskgate-dev', cluster: { server: 'https://ours' } },
  ]);
  expect(mergeKubeconfig(once, ours)).toBe(once);
});

test.each([
  '',
  '# only a comment\n',
  'apiVersion: v1\nclusters: null\n',
])('an empty file becomes one with ours: %j', (text) => {
  expect(read(mergeKubeconfig(text, ours))).toMatchObject({ apiVersion: 'v1', kind: 'Config', 'current-context': '' });
  expect(names(mergeKubeconfig(text, ours))).toEqual(['taskgate-dev']);
});

test('taking away leaves what was there before; a current context that is gone is none', () => {
  const theirs = config(['work'], 'work');
  expect(read(unmergeKubeconfig(mergeKubeconfig(theirs, ours), 'taskgate-dev'))).toEqual(read(theirs));
  expect(read(unmergeKubeconfig(ours, 'taskgate-dev'))['current-context']).toBe('');
  const without = `# mine\n${theirs}`;
  expect(unmergeKubeconfig(without, 'taskgate-dev')).toBe(without);
});

test.each(['- a list', 'a: [', 'text'])('a file that is none is refused and not changed: %j', (text) => {
  expect(() => mergeKubeconfig(text, ours)).toThrow(expect.objectContaining({ id: 'usage.kubeconfig' }));
});

const setUp = async (text?: string) => {
  const dir = await temporaryDir();
  const path = join(dir, 'config');
  if (text !== undefined) await writeFile(path, text, { mode: 0o600 });
  return { dir, path, signal: new AbortController().signal };
};
const merge = (text: string) => mergeKubeconfig(text, ours);

test('the file is changed with a backup beside it, and no lock stays; a second time nothing is written', async () => {
  const theirs = config(['work'], 'work');
  const { dir, path, signal } = await setUp(theirs);
  await changeKubeconfig(path, merge, { signal });
  expect(names(await readFile(path, 'utf8'))).toEqual(['work', 'taskgate-dev']);
  expect(await readFile(`${path}.taskgate-backup`, 'utf8')).toBe(theirs);
  expect(await readdir(dir)).toEqual(['config', 'config.taskgate-backup']);
  const { ino } = await stat(path);
  await changeKubeconfig(path, merge, { signal });
  expect((await stat(path)).ino).toBe(ino);
  expect(await readFile(`${path}.taskgate-backup`, 'utf8')).toBe(theirs);
});

test('a file that is not there is made, for its owner only', async () => {
  const { dir, signal } = await setUp();
  const path = join(dir, 'kube', 'config');
  await changeKubeconfig(path, merge, { signal });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('where there is nothing to take away no file is made', async () => {
  const { dir, path, signal } = await setUp();
  await changeKubeconfig(path, (text) => unmergeKubeconfig(text, 'taskgate-dev'), { signal });
  expect(await readdir(dir)).toEqual([]);
});

test('a link stays a link', async () => {
  const { dir, path, signal } = await setUp(config(['work'], 'work'));
  const link = join(dir, 'link');
  await symlink(path, link);
  await changeKubeconfig(link, merge, { signal });
  expect(await readlink(link)).toBe(path);
  expect(names(await readFile(path, 'utf8'))).toContain('taskgate-dev');
});

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)('what root changes or makes for a user stays the user’s', async () => {
  const { dir, path, signal } = await setUp(config(['work'], 'work'));
  await chown(dir, 4321, 4322);
  await chown(path, 4321, 4322);
  const fresh = join(dir, 'kube', 'deep', 'config');
  await changeKubeconfig(path, merge, { signal });
  await changeKubeconfig(fresh, merge, { signal });
  const owned = [path, `${path}.taskgate-backup`, join(dir, 'kube'), join(dir, 'kube', 'deep'), fresh];
  for (const one of owned) expect(await stat(one), one).toMatchObject({ uid: 4321, gid: 4322 });
});

test("kubectl's lock is waited for, and its file not touched meanwhile", async () => {
  const theirs = config(['work'], 'work');
  const { path, signal } = await setUp(theirs);
  await writeFile(`${path}.lock`, '');
  await expect(changeKubeconfig(path, merge, { signal, timeoutMs: 150 })).rejects.toMatchObject({
    id: 'environment.kubeconfig-locked',
    hint: `if nothing writes it, remove ${path}.lock`,
  });
  expect(await readFile(path, 'utf8')).toBe(theirs);
  const changing = changeKubeconfig(path, merge, { signal });
  await rm(`${path}.lock`);
  await changing;
  expect(names(await readFile(path, 'utf8'))).toContain('taskgate-dev');
});

test('two at once both land', async () => {
  const { path, signal } = await setUp(config(['work'], 'work'));
  const other = config(['taskgate-other'], 'taskgate-other');
  await Promise.all([
    changeKubeconfig(path, merge, { signal }),
    changeKubeconfig(path, (text) => mergeKubeconfig(text, other), { signal }),
  ]);
  expect(names(await readFile(path, 'utf8')).toSorted()).toEqual(['taskgate-dev', 'taskgate-other', 'work']);
});

test('a file that cannot be read is left as it is, without a lock', async () => {
  const { dir, path, signal } = await setUp('- a list');
  await expect(changeKubeconfig(path, merge, { signal })).rejects.toMatchObject({ id: 'usage.kubeconfig' });
  expect(await readFile(path, 'utf8')).toBe('- a list');
  expect(await readdir(dir)).toEqual(['config']);
});
