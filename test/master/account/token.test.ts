import { expect, test } from 'vitest';
import { waitForAccountToken } from '../../../src/master/account/token.ts';
import { fakeKube } from '../../fakes/kube.ts';

const account = { name: 'taskgate-dev-master', namespace: 'projectcontour' };
const empty = { apiVersion: 'v1', kind: 'Secret', metadata: account };
const filled = { ...empty, data: { token: Buffer.from('eyJ.a.b').toString('base64') } };

test('waits for the controller that fills in the token', async () => {
  const fake = fakeKube({ objects: [empty] });
  const token = waitForAccountToken(fake.kube, account, { timeoutMs: 5_000 });
  fake.put(filled);
  expect(await token).toBe('eyJ.a.b');
});

test.each([
  ['no Secret', [], 'it has no Secret'],
  ['an empty one', [empty], 'its Secret is empty'],
])('reports what is missing: %s', async (_, objects, missing) => {
  const { kube } = fakeKube({ objects, kinds: ['v1/Secret'] });
  await expect(waitForAccountToken(kube, account, { timeoutMs: 50 })).rejects.toMatchObject({
    id: 'cluster.no-account-token',
    message: expect.stringContaining(`projectcontour/taskgate-dev-master not ready after 0s: ${missing}`),
  });
});
