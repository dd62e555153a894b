import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mergeContext } from '../../../src/commands/up/merge-kubeconfig.ts';
import { createInstance, type Instance } from '../../../src/instance/instance.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { commandContext, instanceRecord } from '../../support/context.ts';
import { added, contextNames } from '../../support/kubeconfig.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { healthyAt, madeSoFar } from '../../support/up-context.ts';

const why = async (record: Partial<InstanceRecord>, mergeKubeconfig = true) => {
  const { config, ...context } = commandContext({ folders: { stateDir: '/state', cacheDir: '/cache' } });
  const instance = { dir: '/i/dev', record: () => instanceRecord(record) } as Instance;
  const { cluster } = healthyAt('/i/dev');
  const results = madeSoFar({ instance, started: { cluster, kube: fakeKube().kube, isNew: false } });
  const up = { ...context, config: { ...config, mergeKubeconfig }, startedAt: new Date() };
  const { skipped } = await mergeContext.begin(results, up);
  return skipped === false ? false : skipped.because;
};

/** A merge into `config` of a folder, for an instance on disk. */
const begin = async (dir: string, record: Partial<InstanceRecord>) => {
  const made = await createInstance(join(dir, 'state'), { name: 'dev', provider: 'native' });
  await made.change(record);
  const changes: unknown[] = [];
  const instance: Instance = {
    ...made,
    change: async (fields) => {
      changes.push(fields);
      await made.change(fields);
    },
  };
  const cluster = { ...healthyAt(instance.dir).cluster, kubeContext: 'taskgate-dev' };
  await writeFile(cluster.kubeconfigPath, added);
  const results = madeSoFar({ instance, started: { cluster, kube: fakeKube().kube, isNew: false } });
  const { config, ...context } = commandContext({ folders: { stateDir: join(dir, 'state'), cacheDir: '/cache' } });
  const env = { KUBECONFIG: join(dir, 'config') };
  const up = { ...context, env, config: { ...config, mergeKubeconfig: true }, startedAt: new Date() };
  const run = async () => {
    const warnings: string[] = [];
    let note = '';
    const { signal } = new AbortController();
    const merging = await mergeContext.begin(results, up);
    await merging.run({
      report: () => undefined,
      fault: () => undefined,
      warn: (text) => warnings.push(text),
      note: (text) => {
        note = text;
        return undefined;
      },
      signal,
    });
    return { warnings, note };
  };
  return { instance, run, changes };
};

const profile = (owned: boolean) =>
  ({ kind: 'minikube-profile', profile: 'minikube', driver: 'docker', owned }) as const;

test('a cluster of ours is merged when asked for, and only then', async () => {
  expect(await why({})).toBe(false);
  expect(await why({ provider: 'minikube', journal: [profile(true)] })).toBe(false);
  expect(await why({}, false)).toMatch(/^not asked for/);
});

test.each<Partial<InstanceRecord>>([
  { provider: 'attach' },
  { provider: 'minikube', journal: [profile(false)] },
])('the entries of a cluster that somebody else made are left alone: %j', async (record) => {
  expect(await why(record)).toMatch(/has the context in a kubeconfig already$/);
});

test('a merge that fails late leaves the record as it was, and stops nothing', async () => {
  const dir = await temporaryDir();
  const earlier = { path: join(dir, 'earlier'), kubeContext: 'taskgate-dev' };
  const { instance, run, changes } = await begin(dir, { merged: earlier });
  await writeFile(join(dir, 'config'), '- a list');
  const { warnings, note } = await run();
  expect(warnings).toEqual([
    expect.stringMatching(/^the context was not added: your kubeconfig is not a mapping; to fix: /),
  ]);
  expect(note).toBe('not added');
  expect(changes).toHaveLength(2);
  expect(instance.record()).toMatchObject({ merged: earlier });
});

test('a second kubeconfig does not make the first one forgotten', async () => {
  const dir = await temporaryDir();
  const earlier = { path: join(dir, 'earlier'), kubeContext: 'taskgate-dev' };
  const { instance, run } = await begin(dir, { merged: earlier });
  expect(await run()).toMatchObject({ warnings: [], note: `${join(dir, 'config')}, context taskgate-dev` });
  expect(contextNames(await readFile(join(dir, 'config'), 'utf8'))).toEqual(['taskgate-dev']);
  expect(instance.record()).toMatchObject({
    merged: { path: join(dir, 'config'), kubeContext: 'taskgate-dev' },
    mergedBefore: [earlier],
  });
});
