import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { UpContext } from '../../../src/commands/up/context.ts';
import { openReversePath } from '../../../src/commands/up/open-reverse-path.ts';
import { reachGateway } from '../../../src/commands/up/reach-gateway.ts';
import { writeMasterFiles } from '../../../src/commands/up/write-master-files.ts';
import { identityOf } from '../../../src/instance/identity.ts';
import { instancePaths } from '../../../src/instance/paths.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { masterAccountObjects, type Role } from '../../../src/master/account/rbac.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';
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
  const { config: defaults, ...command } = commandContext({ folders });
  const root = join(home, 'root');
  await mkdir(join(root, 'static'), { recursive: true });
  await mkdir(join(root, 'wheels'));
  await writeFile(join(root, 'wheels', 'determined-0.38.1-py3-none-any.whl'), '');
  const config = { ...defaults, master: { ...defaults.master, root } };
  const context: UpContext = { ...command, config, startedAt: new Date() };
  /** The same on a cluster that has more. */
  const writeTo = async (kube: Kube) => {
    const results = madeSoFar({ instance, started: { cluster, kube, isNew: false } });
    results.set(reachGateway, gateway);
    results.set(openReversePath, { master });
    const { ended, notes } = await runInOrder(context, [writeMasterFiles], { results });
    return { ended, notes };
  };
  const writeNoted = (uid = 'one') =>
    writeTo(fakeKube({ objects: [kubeSystem(uid)], kinds: ['v1/ServiceAccount'] }).kube);
  const write = async (uid = 'one') => (await writeNoted(uid)).ended[0];
  return { context, instance, root, write, writeNoted, writeTo };
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

/** A cluster with an account that knows nothing of `nodes: patch`. */
const withEarlierAccount = (
  { instance }: Awaited<ReturnType<typeof makeContext>>,
  refuse?: (call: string) => Error | undefined,
) => {
  const place = { taskNamespace: 'default', gateway: { name: 'contour', namespace: 'projectcontour' } };
  const objects = masterAccountObjects(identityOf(instance.record()), place);
  const earlier = objects.map((object): KubeObject => {
    const rules =
      'rules' in object &&
      (object as Role).rules.map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => verb !== 'patch') }));
    return rules ? ({ ...object, rules } as KubeObject) : object;
  });
  const fake = fakeKube({ objects: [kubeSystem('one'), ...earlier], ...(refuse && { refuse }) });
  return { ...fake, wanted: objects.find(({ kind }) => kind === 'ClusterRole') };
};

test('an account of an earlier version gets the rights that have come since, and nothing else of it changes', async () => {
  const made = await makeContext();
  const fake = withEarlierAccount(made);
  expect((await made.writeTo(fake.kube)).notes).toEqual([]);
  expect(fake.writes()).toEqual(['apply ClusterRole taskgate-dev-master']);
  expect(fake.objects()).toContainEqual(expect.objectContaining({ rules: (fake.wanted as Role).rules }));
});

test('where that is refused, what it lacks is told, and up goes on', async () => {
  const made = await makeContext();
  const refuse = (call: string) => (call.startsWith('apply ClusterRole') ? refusal(403, 'Forbidden', 'no') : undefined);
  const { notes, ended } = await made.writeTo(withEarlierAccount(made, refuse).kube);
  expect(ended[0]).toMatch(/^done/);
  expect(notes).toEqual([
    'the account of the master lacks patch nodes, and ClusterRole taskgate-dev-master cannot be changed: no (let an administrator run: taskgate config account)',
  ]);
});

test('the files name the root, the record keeps it, and one without a wheel is told', async () => {
  const { writeNoted, instance, root } = await makeContext();
  expect((await writeNoted()).notes).toEqual([]);
  for (const name of ['master.yaml', 'devcluster.yaml']) {
    expect(await readFile(join(instance.dir, name), 'utf8')).toContain(
      ` root: ${root}\n`.slice(name === 'master.yaml' ? 1 : 0),
    );
  }
  expect(instance.record().masterRoot).toBe(root);
  await rm(join(root, 'wheels'), { recursive: true });
  const { notes, ended } = await writeNoted();
  expect(ended).toEqual(['done: unchanged']);
  expect(notes).toEqual([
    expect.stringMatching(/^the master's root: .*wheels has no wheel of determined: .*; to fix: name one/),
  ]);
});
