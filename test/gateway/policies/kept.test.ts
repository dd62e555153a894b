import { expect, test } from 'vitest';
import { applyPolicy, findPolicyProblems, removePolicies } from '../../../src/gateway/policies/kept.ts';
import { taskPolicy } from '../../../src/gateway/policies/task-policy.ts';
import { fakeKube } from '../../fakes/kube.ts';

const policyIn = (namespace: string, instance = 'dev') =>
  taskPolicy({
    ...{ instance, namespace, gateway: { name: 'contour', namespace: 'projectcontour' } },
    ...{ master: { port: 8080, ranges: ['10.0.0.1/32'] }, egressAllow: [], taskToTask: false },
  });
const policy = policyIn('default');
const kinds = ['networking.k8s.io/v1/NetworkPolicy'];

test('written where tasks run; one that stands where they ran before goes', async () => {
  const fake = fakeKube({ objects: [policyIn('before'), policyIn('before', 'other')] });
  await applyPolicy(fake.kube, { instance: 'dev' }, policy);
  expect(fake.writes()).toEqual([
    'apply NetworkPolicy default/taskgate-dev',
    'remove NetworkPolicy before/taskgate-dev',
  ]);
  expect(fake.objects().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
    'before/taskgate-other',
    'default/taskgate-dev',
  ]);
});

test('turned off, all of the instance go, and those of others stay', async () => {
  const fake = fakeKube({ objects: [policy, policyIn('before'), policyIn('default', 'other')] });
  expect(await removePolicies(fake.kube, { instance: 'dev' })).toEqual([
    'NetworkPolicy default/taskgate-dev',
    'NetworkPolicy before/taskgate-dev',
  ]);
  expect(fake.objects().map(({ metadata }) => metadata.name)).toEqual(['taskgate-other']);
});

test('one that is as it was written is no problem, whatever the API server adds beside the spec', async () => {
  const { metadata, ...rest } = policy;
  const live = { ...rest, metadata: { ...metadata, generation: 1 } };
  expect(await findPolicyProblems(fakeKube({ objects: [live] }).kube, policy)).toEqual([]);
});

test('one that is gone or was opened is found', async () => {
  expect(await findPolicyProblems(fakeKube({ kinds }).kube, policy)).toEqual([
    {
      id: 'cluster.policy-drift',
      message: 'NetworkPolicy default/taskgate-dev is gone: tasks may be reachable by others',
    },
  ]);
  const opened: typeof policy = { ...policy, spec: { ...policy.spec, ingress: [] } };
  expect(await findPolicyProblems(fakeKube({ objects: [opened] }).kube, policy)).toMatchObject([
    { message: 'NetworkPolicy default/taskgate-dev was changed: tasks may be reachable by others' },
  ]);
});
