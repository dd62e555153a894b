import { expect, test } from 'vitest';
import { findOriginalState, isForeignCluster, saveOriginalState } from '../../../src/gateway/foreign/saved.ts';
import { openInstance } from '../../support/golden/open-instance.ts';

test.each([
  ['native', false],
  ['attach', true],
] as const)('the cluster of a %s instance was created by another program: %s', async (kind, isForeign) => {
  expect(isForeignCluster((await openInstance(kind)).instance)).toBe(isForeign);
});

test.each([
  ['a profile that was there', [{ kind: 'minikube-profile', name: 'dev', owned: false }], true],
  [
    'a profile beside another resource',
    [
      { kind: 'link', name: 'tg-1' },
      { kind: 'minikube-profile', owned: false },
    ],
    true,
  ],
  ['a profile that taskgate created', [{ kind: 'minikube-profile', name: 'dev', owned: true }], false],
  ['another resource', [{ kind: 'link', name: 'tg-1' }], false],
])('a Minikube cluster was created by another program: %s', (_, journal, isForeign) => {
  const record = () => ({ provider: 'minikube', journal }) as never;
  expect(isForeignCluster({ record })).toBe(isForeign);
});

test('the original state is undefined until it is saved', async () => {
  const { instance } = await openInstance('attach');
  expect(await findOriginalState(instance)).toBeUndefined();
  const original = { cluster: 'uid-1', crds: [], existed: [] };
  await saveOriginalState(instance, original);
  expect(await findOriginalState(instance)).toEqual(original);
});
