import { expect, test } from 'vitest';
import { checkOwnership } from '../../../../src/commands/up/check-ownership.ts';
import { openReversePath } from '../../../../src/commands/up/open-reverse-path.ts';
import { writePolicies } from '../../../../src/commands/up/policies/write-policies.ts';
import type { Config } from '../../../../src/config/config.ts';
import type { InstanceRecord } from '../../../../src/instance/record.ts';
import { fakeKube } from '../../../fakes/kube.ts';
import { masterAt } from '../../../support/proof/local-path.ts';
import { begunUp, madeSoFar, runInOrder } from '../../../support/up-context.ts';

const rbac = ['ClusterRole', 'ClusterRoleBinding'].map((kind) => `rbac.authorization.k8s.io/v1/${kind}`);
const kinds = [
  ...['v1/Namespace', 'v1/ServiceAccount', 'apps/v1/DaemonSet', 'networking.k8s.io/v1/NetworkPolicy'],
  ...rbac,
];
const off = { policies: false, taskToTask: false };

type Given = { readonly record?: Partial<InstanceRecord>; readonly network?: Partial<Config['network']> };

const setUp = async ({ record = {}, network }: Given = {}) => {
  const fake = fakeKube({ kinds });
  const { up, instance, cluster } = await begunUp({ record });
  const placed = { ...cluster, provider: record.provider ?? 'native' };
  const results = () => {
    const made = madeSoFar({ instance, started: { cluster: placed, kube: fake.kube, isNew: false } });
    made.set(openReversePath, { master: masterAt(8080, '10.210.255.1') });
    made.set(checkOwnership, { kube: fake.kube, isForeign: false });
    return made;
  };
  const run = (wanted: Partial<Config['network']> = { policies: true, ...network }) =>
    runInOrder({ ...up, config: { ...up.config, network: { ...off, ...wanted } } }, [writePolicies], {
      results: results(),
    });
  return { fake, instance, run };
};

const minikube = {
  ...{ profile: 'p', profileGiven: false, driver: 'docker', cpus: 2, memoryMb: 4096, startArgs: [] },
  serviceCidr: '10.97.0.0/16',
};
const profile = (owned: boolean) => ({ kind: 'minikube-profile', profile: 'p', driver: 'docker', owned }) as const;

test('not asked for, nothing is looked at', async () => {
  const { fake, run } = await setUp();
  expect((await run({})).ended).toEqual(['skipped: not asked for']);
  expect(fake.calls).toEqual([]);
});

test('on a native node: the policy alone, with the node as DNS; remembered as it was written', async () => {
  const { fake, instance, run } = await setUp();
  expect((await run()).ended).toEqual(['done: tasks: in from Envoy, out to DNS and the master']);
  expect(fake.writes()).toEqual(['apply Namespace default', 'apply NetworkPolicy default/taskgate-dev']);
  const [, written] = fake.objects();
  expect(written).toMatchObject(instance.record().networkPolicy ?? { missing: true });
  expect(JSON.stringify(written)).toContain('"10.210.255.2/32"');
  expect(JSON.stringify(written)).toContain('"10.210.255.1/32"');
});

test('in a Minikube cluster that taskgate made: with the engine; in one that it did not: without', async () => {
  const owned = await setUp({ record: { provider: 'minikube', minikube, journal: [profile(true)] } });
  await owned.run();
  expect(owned.fake.writes().at(-1)).toBe('apply DaemonSet kube-system/taskgate-dev-policies');
  expect(JSON.stringify(owned.fake.objects())).toContain('--service-cluster-ip-range=10.97.0.0/16');
  const adopted = await setUp({ record: { provider: 'minikube', minikube, journal: [profile(false)] } });
  await adopted.run();
  expect(adopted.fake.writes().at(-1)).toBe('apply NetworkPolicy default/taskgate-dev');
});

test('an attached cluster gets the policy and never an engine', async () => {
  const { fake, run } = await setUp({ record: { provider: 'attach' } });
  await run();
  expect(fake.writes()).toEqual(['apply Namespace default', 'apply NetworkPolicy default/taskgate-dev']);
});

test('turned off again, what was written goes, and with it the engine', async () => {
  const { fake, instance, run } = await setUp({ record: { provider: 'minikube', minikube, journal: [profile(true)] } });
  await run();
  expect((await run({})).ended).toEqual(['done: removed: NetworkPolicy default/taskgate-dev']);
  expect(fake.objects().map(({ kind }) => kind)).toEqual(['Namespace']);
  expect(instance.record().networkPolicy).toBeUndefined();
  expect((await run({})).ended).toEqual(['skipped: not asked for']);
});

test('settings that change the policy change what is written', async () => {
  const { fake, run } = await setUp({ network: { egressAllow: ['192.0.2.0/24'], taskToTask: true } });
  await run();
  expect(JSON.stringify(fake.objects())).toContain('{"to":[{"ipBlock":{"cidr":"192.0.2.0/24"}},{"podSelector":');
});
