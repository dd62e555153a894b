import { expect, test } from 'vitest';
import { mergeContext } from '../../../src/commands/up/merge-kubeconfig.ts';
import type { Instance } from '../../../src/instance/instance.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import { commandContext, instanceRecord } from '../../support/context.ts';

const why = (record: Partial<InstanceRecord>, mergeKubeconfig = true) => {
  const { config, ...context } = commandContext({ folders: { stateDir: '/state', cacheDir: '/cache' } });
  const instance = { dir: '/i/dev', record: () => instanceRecord(record) } as Instance;
  const wanted = { ...config, mergeKubeconfig };
  return mergeContext.skip?.({ ...context, config: wanted, instance, startedAt: new Date(), notes: [] });
};

const profile = (owned: boolean) =>
  ({ kind: 'minikube-profile', profile: 'minikube', driver: 'docker', owned }) as const;

test('a cluster of ours is merged when asked for, and only then', () => {
  expect(why({})).toBe(false);
  expect(why({ provider: 'minikube', journal: [profile(true)] })).toBe(false);
  expect(why({}, false)).toMatch(/^not asked for/);
});

test.each<Partial<InstanceRecord>>([
  { provider: 'attach' },
  { provider: 'minikube', journal: [profile(false)] },
])('the entries of a cluster that somebody else made are left alone: %j', (record) => {
  expect(why(record)).toMatch(/has the context in a kubeconfig already$/);
});
