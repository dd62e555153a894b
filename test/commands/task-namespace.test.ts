import { expect, test } from 'vitest';
import { ensureTaskNamespace } from '../../src/commands/task-namespace.ts';
import type { Config } from '../../src/config/config.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import type { ObjectMeta } from '../../src/lib/kube/types.ts';
import { fakeKube } from '../fakes/kube.ts';
import { begunUp } from '../support/up-context.ts';

const label = 'pod-security.kubernetes.io/enforce';
const mark = 'taskgate.dev/pod-security';

type Given = Pick<Partial<Config>, 'podSecurity'> & {
  readonly record?: Partial<InstanceRecord>;
  readonly metadata?: Partial<ObjectMeta>;
};

const ensure = async ({ podSecurity, record = {}, metadata }: Given) => {
  const { up, instance } = await begunUp({ record, config: podSecurity ? { podSecurity } : {} });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', ...metadata } };
  const fake = fakeKube({ objects: [namespace] });
  const warnings: string[] = [];
  await ensureTaskNamespace({ instance, kube: fake.kube }, up.config, (text) => warnings.push(text));
  const { labels, annotations } = (await fake.kube.get(namespace)).metadata;
  return { labels, annotations, warnings, writes: fake.writes(), id: instance.record().instanceId };
};

test('in a cluster of ours the task namespace enforces baseline, also when it is default', async () => {
  expect(await ensure({})).toMatchObject({
    ...{ labels: { [label]: 'baseline' }, annotations: undefined, warnings: [] },
    writes: ['patch Namespace default'],
  });
});

test('the level of the settings replaces another one; one that is there already is not written again', async () => {
  const metadata = { labels: { [label]: 'baseline', mine: 'yes' } };
  const changed = await ensure({ podSecurity: 'privileged', metadata });
  expect(changed.labels).toEqual({ [label]: 'privileged', mine: 'yes' });
  expect((await ensure({ metadata })).writes).toEqual([]);
});

const foreign = { provider: 'attach' } as const;

test('on a foreign cluster nothing is set unasked', async () => {
  expect(await ensure({ record: foreign })).toMatchObject({ writes: [], warnings: [] });
  const profile = { kind: 'minikube-profile', profile: 'p', driver: 'docker', owned: false } as const;
  expect(await ensure({ record: { provider: 'minikube', journal: [profile] } })).toMatchObject({ writes: [] });
});

test('what is asked for there is set, told, and marked for `down`', async () => {
  const { id = 'dev', ...seen } = await ensure({ podSecurity: 'baseline', record: foreign });
  expect(seen).toMatchObject({
    labels: { [label]: 'baseline' },
    annotations: { [mark]: id },
    warnings: ['namespace default now refuses pods that violate Pod Security baseline'],
  });
});

test('a level of the owner of that cluster stays', async () => {
  const metadata = { labels: { [label]: 'restricted' } };
  expect(await ensure({ podSecurity: 'baseline', record: foreign, metadata })).toMatchObject({
    writes: [],
    warnings: ['namespace default keeps Pod Security restricted, which taskgate did not set; wanted baseline'],
  });
});

test('what an earlier run set there, and is no longer asked for, is taken back', async () => {
  const record = { ...foreign, instanceId: '00112233' };
  const labels = { [label]: 'baseline', mine: 'yes' };
  const seen = await ensure({ record, metadata: { labels, annotations: { [mark]: '00112233' } } });
  expect(seen).toMatchObject({ labels: { mine: 'yes' }, warnings: [] });
  expect([seen.labels?.[label], seen.annotations?.[mark]]).toEqual([undefined, undefined]);
  const others = await ensure({ record, metadata: { labels, annotations: { [mark]: 'another' } } });
  expect(others.writes).toEqual([]);
});
