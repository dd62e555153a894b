import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type DownContext, downSteps, verifyCacheUnused } from '../../../src/commands/down/steps.ts';
import { createInstance } from '../../../src/instance/instance.ts';
import { instanceDirOf, statePaths } from '../../../src/instance/paths.ts';
import type { InstanceRecord, Resource } from '../../../src/instance/record.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { commandContext } from '../../support/context.ts';
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
  });
  return {
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

const takeDown = (context: DownContext) => runInOrder(context, downSteps, { signal: context.signal });

test('removes a folder without a record: its maker was killed before it wrote one', async () => {
  const { context, instances, beginWithoutRecord } = await makePlaces();
  await beginWithoutRecord('dev');
  await takeDown(context('dev', false));
  expect(await instances()).toEqual([]);
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
    hint: expect.stringContaining("If it no longer exists, there is nothing to remove: delete the instance's folder"),
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
