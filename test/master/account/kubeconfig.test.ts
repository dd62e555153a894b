import { expect, test } from 'vitest';
import { parseYaml, renderYaml } from '../../../src/lib/template.ts';
import { renderAccountKubeconfig, waitForAccountToken } from '../../../src/master/account/kubeconfig.ts';
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
  ['no Secret', [], 'there is no Secret for it'],
  ['an empty one', [empty], 'its Secret is empty'],
])('says what is missing: %s', async (_, objects, missing) => {
  const { kube } = fakeKube({ objects, kinds: ['v1/Secret'] });
  await expect(waitForAccountToken(kube, account, { timeoutMs: 50 })).rejects.toMatchObject({
    id: 'cluster.no-account-token',
    message: expect.stringContaining(`projectcontour/taskgate-dev-master not ready after 0s: ${missing}`),
  });
});

const cluster = { name: 'dev', cluster: { server: 'https://10.210.255.2:6443', 'certificate-authority-data': 'QQ==' } };
const admin = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'dev',
  clusters: [cluster],
  contexts: [{ name: 'dev', context: { cluster: 'dev', user: 'admin' } }],
  users: [{ name: 'admin', user: { 'client-key-data': 'secret' } }],
};

test("takes the cluster, and the account's token in place of the user", () => {
  const { name } = account;
  expect(parseYaml(renderAccountKubeconfig(renderYaml(admin), { name, token: 'eyJ.a.b' }))).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [cluster],
    contexts: [{ name, context: { cluster: 'dev', user: name } }],
    users: [{ name, user: { token: 'eyJ.a.b' } }],
  });
});

test.each([
  ['two', { ...admin, clusters: [cluster, cluster] }, 'has 2 clusters'],
  ['none', { ...admin, clusters: undefined }, 'has 0 clusters'],
])('refuses a kubeconfig with %s', (_, file, message) => {
  expect(() => renderAccountKubeconfig(renderYaml(file), { name: 'a', token: 'b' })).toThrow(message);
});
