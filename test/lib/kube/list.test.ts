import { expect, test } from 'vitest';
import { listServed } from '../../../src/lib/kube/list.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'team' } };
const selection = { apiVersion: 'v1', kind: 'Pod', namespace: 'team' };
const failing = (error: Error) => ({ ...fakeKube().kube, list: () => Promise.reject(error) });

test('a kind that is served is listed', async () => {
  expect(await listServed(fakeKube({ objects: [pod] }).kube, selection)).toMatchObject([pod]);
});

test('one that is not served has no objects', async () => {
  expect(await listServed(failing(refusal(404, 'NoKind', 'no Pod in v1')), selection)).toEqual([]);
});

test('any other refusal is thrown', async () => {
  await expect(listServed(failing(refusal(403, 'Forbidden', 'no')), selection)).rejects.toThrow('no');
});
