import { mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createInstance, findInstance, listInstances, removeInstance } from '../../src/keeper/instance.ts';

const settings = { name: 'dev', provider: 'native', cidr: '10.210.0.0/16' } as const;
let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'tg-'));
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

test('the folder is for its owner only', async () => {
  const { dir } = await createInstance(stateDir, settings);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect((await stat(join(dir, 'instance.json'))).mode & 0o777).toBe(0o600);
});

test('lists instances by name; a removed one is gone', async () => {
  expect(await listInstances(stateDir)).toEqual([]);
  const b = await createInstance(stateDir, { ...settings, name: 'b' });
  await createInstance(stateDir, { ...settings, name: 'a' });
  expect((await listInstances(stateDir)).map(({ name }) => name)).toEqual(['a', 'b']);
  await removeInstance(b);
  expect((await listInstances(stateDir)).map(({ name }) => name)).toEqual(['a']);
});

test('a record of another schema is refused by name', async () => {
  const { dir } = await createInstance(stateDir, settings);
  await writeFile(join(dir, 'instance.json'), '{"schema": 99}');
  await expect(findInstance(stateDir, 'dev')).rejects.toMatchObject({
    id: 'environment.instance-schema',
    message: `${dir}/instance.json has schema 99, this taskgate knows 1`,
  });
});
