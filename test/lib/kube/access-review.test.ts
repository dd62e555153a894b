import { expect, test } from 'vitest';
import { isAllowed } from '../../../src/lib/kube/access-review.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import { fakeKube } from '../../fakes/kube.ts';

const answering = (status?: object) => {
  const sent: unknown[] = [];
  const kube: Kube = {
    ...fakeKube().kube,
    create: async (object) => {
      sent.push(object);
      return { ...object, ...(status && { status }) };
    },
  };
  return { kube, sent };
};

test('asks by a review without a name, with the subresource apart', async () => {
  const { kube, sent } = answering({ allowed: true });
  const question = { verb: 'patch', group: '', resource: 'services/status', namespace: 'team' };
  expect(await isAllowed(kube, question)).toBe(true);
  expect(sent).toEqual([
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      metadata: { name: '' },
      spec: {
        resourceAttributes: { ...question, resource: 'services', subresource: 'status' },
      },
    },
  ]);
});

test.each([[{ allowed: false }], [{}], [undefined]])('status %j means no', async (status) => {
  const { kube } = answering(status);
  expect(await isAllowed(kube, { verb: 'get', group: '', resource: 'pods' })).toBe(false);
});
