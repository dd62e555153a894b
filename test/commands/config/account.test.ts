import { expect, test } from 'vitest';
import { checkMasterAccount, ensureMasterAccount } from '../../../src/commands/config/account.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { masterAccountObjects } from '../../../src/master/account/rbac.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';

const place = { taskNamespace: 'team', gateway: { name: 'contour', namespace: 'projectcontour' } };
const objects = masterAccountObjects({ instance: 'dev' }, place);
const kinds = [...new Set(objects.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`))];

/** The controller that fills the Secrets of accounts which are there. */
const fillSecret = (object: KubeObject, put: (object: KubeObject) => void): void => {
  if (object.kind !== 'Secret' || 'data' in object) return;
  put({ ...object, data: { token: Buffer.from('the-token').toString('base64') } } as KubeObject);
};

const makeCluster = (more: Parameters<typeof fakeKube>[0] = {}) =>
  fakeKube({ kinds, react: (object, fake) => fillSecret(object, fake.put), ...more });

const wait = { timeoutMs: 200, signal: new AbortController().signal };
const ensure = ({ kube }: ReturnType<typeof makeCluster>) =>
  ensureMasterAccount(kube, { owner: { instance: 'dev' }, place }, wait);

test('makes the account first, then all else, and gives its token', async () => {
  const cluster = makeCluster();
  expect(await ensure(cluster)).toEqual({
    name: 'taskgate-dev-master',
    namespace: 'projectcontour',
    token: 'the-token',
  });
  const [first, ...others] = cluster.writes();
  expect(first).toBe('apply ServiceAccount projectcontour/taskgate-dev-master');
  expect(others).toHaveLength(objects.length - 1);
});

test('a second time it is the same account', async () => {
  const cluster = makeCluster();
  const first = await ensure(cluster);
  const before = cluster.objects();
  expect(await ensure(cluster)).toEqual(first);
  expect(cluster.objects()).toEqual(before);
});

test("what has the name of one of our objects and is somebody else's stays as it is", async () => {
  const theirs = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'taskgate-dev-master', namespace: 'projectcontour' },
  };
  const cluster = makeCluster({ objects: [theirs] });
  await expect(ensure(cluster)).rejects.toMatchObject({
    id: 'cluster.not-ours',
    message: 'ServiceAccount projectcontour/taskgate-dev-master is there already and is not of instance dev',
  });
  expect(cluster.writes()).toEqual([]);
});

test('the account of an instance of the same name that another user has stays as it is', async () => {
  const cluster = makeCluster();
  const withId = (instanceId: string) => ({ owner: { instance: 'dev', instanceId }, place });
  await ensureMasterAccount(cluster.kube, withId('a'), wait);
  const before = cluster.writes();
  await expect(ensureMasterAccount(cluster.kube, withId('b'), wait)).rejects.toMatchObject({
    id: 'cluster.not-ours',
    message: expect.stringMatching(/ is there already and is of another instance dev, of another user or folder$/),
    hint: 'remove it, or use another --name for this instance',
  });
  expect(cluster.writes()).toEqual(before);
});

test('who may not give rights is told so', async () => {
  const cluster = makeCluster({
    refuse: (call) =>
      call.startsWith('apply ClusterRole ') ? refusal(403, 'Forbidden', 'may not escalate') : undefined,
  });
  await expect(ensure(cluster)).rejects.toMatchObject({
    id: 'cluster.refused',
    message: 'the API server refuses ClusterRole taskgate-dev-master: may not escalate',
    hint: expect.stringContaining('administrator'),
  });
});

test('a cluster that fills no Secret is waited for, and named', async () => {
  await expect(ensure(fakeKube({ kinds }))).rejects.toMatchObject({ id: 'cluster.no-account-token' });
});

const kubeconfig = (server: string): string => `
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: '${server}'}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: x}}]
`;

test.each([
  ['no YAML', '{', 'usage.kubeconfig'],
  ['a text', 'hello', 'usage.kubeconfig'],
  ['no context', 'apiVersion: v1\nkind: Config\n', 'cluster.no-context'],
  ['no cluster that answers', kubeconfig('https://127.0.0.1:1'), 'cluster.api'],
  ['no server', kubeconfig('ftp://127.0.0.1:1'), 'usage.kubeconfig'],
])('a kubeconfig with %s is no bug', async (_, text, id) => {
  await expect(checkMasterAccount(text, place)).rejects.toMatchObject({
    name: 'UserError',
    id,
    hint: expect.any(String),
  });
});
