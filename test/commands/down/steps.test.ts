import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DownContext } from '../../../src/commands/down/context.ts';
import { downSteps, verifyCacheUnused } from '../../../src/commands/down/steps.ts';
import { createInstance, setDamagedRecordAside } from '../../../src/instance/instance.ts';
import { instanceDirOf, statePaths } from '../../../src/instance/paths.ts';
import type { InstanceRecord, Resource } from '../../../src/instance/record.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { commandContext } from '../../support/context.ts';
import { config, contextNames } from '../../support/kubeconfig.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { runInOrder } from '../../support/up-context.ts';

const deadKubeconfig = `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: 'https://127.0.0.1:1' } }]
users: [{ name: c, user: {} }]
contexts: [{ name: c, context: { cluster: c, user: c } }]
`;

const makePlaces = async () => {
  const home = await temporaryDir();
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  await mkdir(folders.cacheDir);
  const context = (name: string, purgeCache: boolean): DownContext => ({
    ...commandContext({ name, folders }),
    purgeCache,
    force: false,
  });
  return {
    home,
    folders,
    context,
    instances: () => readdir(statePaths(folders.stateDir).instancesDir),
    left: () => readdir(home),
    begin: (name: string) => createInstance(folders.stateDir, { name, provider: 'native', cidr: '10.210.0.0/16' }),
    /** One that has changed a cluster of somebody else's, which answers nobody now. */
    beginForeign: async (journal: readonly Resource[], change: Partial<InstanceRecord>) => {
      const { provider = 'attach' } = change;
      const instance = await createInstance(folders.stateDir, { name: 'dev', provider });
      for (const resource of journal) await instance.journal(resource);
      const kubeconfigPath = join(instance.dir, 'kubeconfig');
      const place = { nodeName: 'n', nodeAddress: '127.0.0.1', hostAddress: '127.0.0.1' };
      await instance.change({
        cluster: { name: 'dev', provider, kubeconfigPath, kubeContext: 'c', ...place },
        ...change,
      });
      await writeFile(kubeconfigPath, deadKubeconfig);
      await writeFile(join(instance.dir, 'before.json'), JSON.stringify({ cluster: 'uid', crds: [], existed: [] }));
      return instance;
    },
    beginWithoutRecord: (name: string) => mkdir(instanceDirOf(folders.stateDir, name), { recursive: true }),
  };
};

/** Where no master of this machine's user listens. */
const withPort = (config: DownContext['config'], port: number) => ({ ...config, master: { ...config.master, port } });

const takeDown = async (context: DownContext): Promise<readonly string[]> =>
  (await runInOrder(context, downSteps, { signal: context.signal })).notes ?? [];

test('removes a folder without a record: its maker was killed before it wrote one', async () => {
  const { context, instances, beginWithoutRecord } = await makePlaces();
  await beginWithoutRecord('dev');
  await takeDown(context('dev', false));
  expect(await instances()).toEqual([]);
});

test('says of a master that none answers, and takes no routes back unasked; to wait for tasks needs a cluster', async () => {
  const { context, begin } = await makePlaces();
  await begin('dev');
  const waiting = { ...context('dev', false), waitForTasksSeconds: 1 };
  const { ended, notes } = await runInOrder({ ...waiting, config: withPort(waiting.config, 1) }, downSteps);
  expect(ended[0]).toBe('done: none answers');
  expect(ended.at(-2)).toBe('skipped: not asked for: --forget-routes does');
  expect(notes).toEqual([]);
});

test('leaves other instances and the cache, and may be repeated', async () => {
  const { context, instances, left, begin } = await makePlaces();
  await begin('dev');
  await begin('second');
  await takeDown(context('dev', false));
  await takeDown(context('dev', false));
  expect(await instances()).toEqual(['second']);
  expect(await left()).toContain('cache');
});

test('the cache stays while an instance of another name may run from it', async () => {
  const { context, begin } = await makePlaces();
  await begin('dev');
  await begin('second');
  await begin('third');
  await expect(verifyCacheUnused(context('dev', true))).rejects.toMatchObject({
    id: 'environment.cache-in-use',
    message: expect.stringMatching(/\/cache stays while other instances may run from it: second, third$/),
    hint: 'leave --purge-cache out, or first: taskgate down --name second; taskgate down --name third',
  });
  await verifyCacheUnused(context('dev', false));
});

test('the last instance may take the cache with it', async () => {
  const { context, left, begin } = await makePlaces();
  await begin('dev');
  await verifyCacheUnused(context('dev', true));
  await takeDown(context('dev', true));
  expect(await left()).toEqual(['state']);
});

test('a cluster of somebody else’s that does not answer: nothing goes, and what to do is said', async () => {
  const { context, instances, beginForeign } = await makePlaces();
  const attach = { context: 'c', allowContext: 'c', kubeconfigPaths: [] };
  await beginForeign([], { attach });
  await expect(takeDown(context('dev', false))).rejects.toMatchObject({
    id: 'cluster.api',
    hint: 'does the cluster run? If it no longer exists, forget it: taskgate down --force --name dev',
  });
  expect(await instances()).toEqual(['dev']);
});

test('a profile of somebody else’s that they deleted keeps nothing from going', async () => {
  const { context, instances, beginForeign } = await makePlaces();
  const profile = { profile: 'theirs', driver: 'docker' };
  const { dir } = await beginForeign([{ kind: 'minikube-profile', owned: false, ...profile }], {
    provider: 'minikube',
    minikube: { ...profile, profileGiven: true, cpus: 2, memoryMb: 4096, startArgs: [] },
  });
  const minikube = `minikube --log_dir=${dir}/minikube`;
  const { runner } = fakeRunner({
    'docker version --format {{.Server.Version}}': '28.2.2',
    [`${minikube} profile list --light --output=json`]: '{"valid":[],"invalid":[]}',
    [`${minikube} status --profile=theirs --output=json`]: { exitCode: 85, stdout: 'Profile "theirs" not found.' },
  });
  await takeDown({ ...context('dev', false), runner });
  expect(await instances()).toEqual([]);
});

test('every kubeconfig that got the context loses it; one that is gone, or no kubeconfig any more, is named', async () => {
  const { context, instances, begin, home } = await makePlaces();
  const instance = await begin('dev');
  const file = async (name: string, text: string) => {
    await writeFile(join(home, name), text);
    return { path: join(home, name), kubeContext: 'taskgate-dev' };
  };
  const first = await file('first', config(['work', 'taskgate-dev'], 'taskgate-dev'));
  const last = await file('last', config(['taskgate-dev'], ''));
  const broken = await file('broken', 'clusters: [');
  const moved = { path: join(home, 'moved', 'config'), kubeContext: 'taskgate-dev' };
  await instance.change({ merged: last, mergedBefore: [moved, broken, first] });
  const warnings = await takeDown(context('dev', false));
  expect(contextNames(await readFile(first.path, 'utf8'))).toEqual(['work']);
  expect(contextNames(await readFile(last.path, 'utf8'))).toEqual([]);
  expect(warnings).toEqual([
    expect.stringMatching(/^left: context, cluster and user taskgate-dev in .*\/broken \(your kubeconfig is not YAML/),
  ]);
  expect(await readdir(home)).not.toContain('moved');
  expect(await instances()).toEqual([]);
});

test('--force forgets a cluster that is gone for ever, and says what is left there', async () => {
  const { context, instances, beginForeign } = await makePlaces();
  await beginForeign([], { attach: { context: 'c', allowContext: 'c', kubeconfigPaths: [] } });
  const warnings = await takeDown({ ...context('dev', false), force: true });
  expect(warnings).toEqual([
    expect.stringMatching(/^left: taskgate's objects in the attached cluster \(the API server at https:\/\/127/),
  ]);
  expect(await instances()).toEqual([]);
});

test('--force takes the folder of a damaged record, and says so', async () => {
  const { folders, context, instances, begin } = await makePlaces();
  const { dir } = await begin('dev');
  await writeFile(join(dir, 'instance.json'), '{');
  expect(await setDamagedRecordAside(folders.stateDir, 'dev')).toMatch(/instance\.json is damaged$/);
  expect(await setDamagedRecordAside(folders.stateDir, 'dev')).toBeUndefined();
  await takeDown({ ...context('dev', false), force: true });
  expect(await instances()).toEqual([]);
});
