import { expect, test } from 'vitest';
import { mergeContext } from '../../../src/commands/up/merge-kubeconfig.ts';
import type { Instance } from '../../../src/instance/instance.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { commandContext, instanceRecord } from '../../support/context.ts';
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
