import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { UpContext } from '../../../src/commands/up/context.ts';
import { openReversePath } from '../../../src/commands/up/open-reverse-path.ts';
import { reachGateway } from '../../../src/commands/up/reach-gateway.ts';
import { writeMasterFiles } from '../../../src/commands/up/write-master-files.ts';
import { instancePaths } from '../../../src/instance/paths.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { commandContext } from '../../support/context.ts';
import { adminPassword, finishedInstance } from '../../support/finished-instance.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { madeSoFar, runInOrder } from '../../support/up-context.ts';

const files = ['devcluster.yaml', 'helm-values.yaml', 'master.yaml', 'rbac.yaml'];

const kubeSystem = (uid: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid } });

const makeContext = async () => {
  const home = await temporaryDir();
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  const instance = await finishedInstance(folders.stateDir, 'dev');
  const { cluster, gateway, master } = instance.record();
  if (!cluster || !gateway || !master) throw new Error('the record is not that of a finished instance');
  const context: UpContext = { ...commandContext({ folders }), startedAt: new Date() };
  const write = async (uid = 'one') => {
    const { kube } = fakeKube({ objects: [kubeSystem(uid)] });
    const results = madeSoFar({ instance, started: { cluster, kube, isNew: false } });
    results.set(reachGateway, gateway);
    results.set(openReversePath, { master });
    const { ended } = await runInOrder(context, [writeMasterFiles], { results });
    return ended[0];
  };
  return { context, instance, write };
};

test('writes each format, for the owner only, and says which', async () => {
  const { write, instance } = await makeContext();
  expect(await write()).toBe(`done: ${instance.dir}/master.yaml, devcluster.yaml, helm-values.yaml, rbac.yaml`);
  for (const name of files) expect((await stat(join(instance.dir, name))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(instance.dir, 'master.yaml'), 'utf8')).toContain(adminPassword);
});

test('a second time nothing is written', async () => {
  const { write, instance } = await makeContext();
  await write();
  const times = () => Promise.all(files.map(async (name) => (await stat(join(instance.dir, name))).mtimeMs));
  const before = await times();
  expect(await write()).toBe('done: unchanged');
  expect(await times()).toEqual(before);
});

test('only what differs is written', async () => {
  const { write, instance } = await makeContext();
  await write();
  await writeFile(join(instance.dir, 'rbac.yaml'), 'mine');
  expect(await write()).toBe(`done: ${instance.dir}/rbac.yaml`);
});

test('a first password is made once', async () => {
  const { write, instance } = await makeContext();
  await writeFile(instancePaths(instance.dir).passwordPath, '');
  await write();
  const made = await readFile(instancePaths(instance.dir).passwordPath, 'utf8');
  expect(made.trim()).toHaveLength(24);
  await write();
  expect(await readFile(instancePaths(instance.dir).passwordPath, 'utf8')).toBe(made);
  expect(await readdir(instance.dir)).toEqual(expect.arrayContaining(files));
});

test('the record keeps what is needed to write them again, and of which cluster they are', async () => {
  const { context, write, instance } = await makeContext();
  const { gateway, master } = context.config;
  await write();
  expect(instance.record()).toMatchObject({ clusterId: 'one', settings: { gateway, master } });
  await write('two');
  expect(instance.record().clusterId).toBe('two');
});
