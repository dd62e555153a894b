import { access, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import {
  abandonInstance,
  createInstance,
  findInstance,
  listInstances,
  listNames,
  removeInstance,
  removeInstanceDir,
} from '../../src/instance/instance.ts';
import { instanceDirOf } from '../../src/instance/paths.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const settings = { name: 'dev', provider: 'native', cidr: '10.210.0.0/16' } as const;
let stateDir: string;
beforeEach(async () => {
  stateDir = await temporaryDir();
});

test('a journalled resource is on disk when the promise resolves, and gone after it is forgotten', async () => {
  const instance = await createInstance(stateDir, settings);
  const link = { kind: 'link', name: 'tg-0' } as const;
  await instance.journal({ kind: 'cgroups', paths: ['/a'] });
  await instance.journal(link);
  const journal = async () => (await findInstance(stateDir, 'dev'))?.record().journal;
  expect(await journal()).toEqual([{ kind: 'cgroups', paths: ['/a'] }, link]);
  await instance.forget(link);
  expect(await journal()).toEqual([{ kind: 'cgroups', paths: ['/a'] }]);
});

test('changes made at the same time all arrive', async () => {
  const instance = await createInstance(stateDir, settings);
  await Promise.all(Array.from({ length: 20 }, (_, i) => instance.journal({ kind: 'link', name: `l${i}` })));
  expect((await findInstance(stateDir, 'dev'))?.record().journal).toHaveLength(20);
});

/** Nothing can be written over a folder. */
const blockWrites = async (dir: string) => {
  const path = join(dir, 'instance.json');
  await rename(path, `${path}.kept`);
  await mkdir(path);
  return async () => {
    await rm(path, { recursive: true });
    await rename(`${path}.kept`, path);
  };
};

test('a change that cannot be written fails alone, and never happened', async () => {
  const instance = await createInstance(stateDir, settings);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ kind: 'link', name }) as const);
  if (!a || !b || !c) throw new Error('three links');
  await instance.journal(a);
  const unblockWrites = await blockWrites(instance.dir);
  await expect(instance.journal(b)).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(instance.forget(a)).rejects.toMatchObject({ code: 'EISDIR' });
  expect(instance.record().journal).toEqual([a]);
  await unblockWrites();
  await instance.journal(c);
  expect(instance.record().journal).toEqual([a, c]);
  expect((await findInstance(stateDir, 'dev'))?.record()).toEqual(instance.record());
  await instance.forget(a);
  expect(instance.record().journal).toEqual([c]);
});

test('the record shows a change once it is on disk, not before', async () => {
  const instance = await createInstance(stateDir, settings);
  const link = { kind: 'link', name: 'a' } as const;
  const writing = instance.journal(link);
  expect(instance.record().journal).toEqual([]);
  await writing;
  expect(instance.record().journal).toEqual([link]);
});

test('the folder is for its owner only', async () => {
  const { dir } = await createInstance(stateDir, settings);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect((await stat(join(dir, 'instance.json'))).mode & 0o777).toBe(0o600);
});

test('lists instances by name; a removed one is gone', async () => {
  expect(await listNames(stateDir)).toEqual([]);
  expect(await listInstances(stateDir)).toEqual([]);
  const b = await createInstance(stateDir, { ...settings, name: 'b' });
  await createInstance(stateDir, { ...settings, name: 'a' });
  expect((await listInstances(stateDir)).map(({ name }) => name)).toEqual(['a', 'b']);
  await removeInstance(b);
  expect((await listInstances(stateDir)).map(({ name }) => name)).toEqual(['a']);
});

test('a hidden folder among the instances, such as that of a file manager or a trial, is none of them', async () => {
  await createInstance(stateDir, settings);
  const hidden = instanceDirOf(stateDir, '.taskgate-trial-abc');
  await mkdir(hidden, { mode: 0o700 });
  await writeFile(join(hidden, 'instance.json'), 'no record');
  expect(await listNames(stateDir)).toEqual(['dev']);
  expect((await listInstances(stateDir)).map(({ name }) => name)).toEqual(['dev']);
});

test('a record of another schema is refused by name', async () => {
  const { dir } = await createInstance(stateDir, settings);
  await writeFile(join(dir, 'instance.json'), '{"schema": 99}');
  await expect(findInstance(stateDir, 'dev')).rejects.toMatchObject({
    id: 'environment.instance-schema',
    message: `${dir}/instance.json has schema 99, this taskgate knows 1`,
    hint: 'take it down with the version of taskgate that created it; or, with what can be found: taskgate down --force --name dev',
  });
});

test.each(['{"schema":1,"na', '', 'null', '"text"'])('a damaged record (%s) is refused by name', async (text) => {
  const { dir } = await createInstance(stateDir, settings);
  await writeFile(join(dir, 'instance.json'), text);
  const refusal = {
    id: 'environment.instance-damaged',
    message: `${dir}/instance.json is damaged`,
    hint: 'to remove all that can be found of it: taskgate down --force --name dev',
  };
  await expect(findInstance(stateDir, 'dev')).rejects.toMatchObject(refusal);
  await expect(listInstances(stateDir)).rejects.toMatchObject(refusal);
});

test('a folder without a record is no instance, and can be removed like any other', async () => {
  await createInstance(stateDir, settings);
  const bare = instanceDirOf(stateDir, 'bare');
  await mkdir(bare);
  expect(await findInstance(stateDir, 'bare')).toBeUndefined();
  expect((await listInstances(stateDir)).map(({ name }) => name)).toEqual(['dev']);
  expect(await removeInstanceDir(stateDir, 'bare')).toBe(true);
  await expect(access(bare)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await removeInstanceDir(stateDir, 'bare')).toBe(false);
  expect(await removeInstanceDir(stateDir, 'dev')).toBe(true);
  expect(await listInstances(stateDir)).toEqual([]);
});

test('of a run that failed only the logs stay, which its error names; without logs nothing does', async () => {
  const failed = await createInstance(stateDir, settings);
  await mkdir(join(failed.dir, 'logs'));
  await writeFile(join(failed.dir, 'logs', 'minikube.log'), 'why');
  await mkdir(join(failed.dir, 'node'));
  await abandonInstance(failed);
  expect(await readdir(failed.dir)).toEqual(['logs']);
  expect(await findInstance(stateDir, 'dev')).toBeUndefined();
  expect(await removeInstanceDir(stateDir, 'dev')).toBe(true);

  const silent = await createInstance(stateDir, { ...settings, name: 'silent' });
  await abandonInstance(silent);
  await expect(access(silent.dir)).rejects.toMatchObject({ code: 'ENOENT' });
});
