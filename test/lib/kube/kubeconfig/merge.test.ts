import { expect, test } from 'vitest';
import { mergeKubeconfig, unmergeKubeconfig } from '../../../../src/lib/kube/kubeconfig/merge.ts';
import { added, config, contextNames, read } from '../../../support/kubeconfig.ts';

test('entries are added, the current context and all else stay', () => {
  const text = `${config(['work', 'home'], 'work')}preferences: { colors: true }\n`;
  const merged = mergeKubeconfig(text, added);
  expect(contextNames(merged)).toEqual(['work', 'home', 'taskgate-dev']);
  expect(read(merged)).toMatchObject({ 'current-context': 'work', preferences: { colors: true } });
  expect(read(merged).clusters.slice(0, 2)).toEqual(read(text).clusters);
});

test('an entry of the same name is replaced, and doing it again changes nothing', () => {
  const once = mergeKubeconfig(config(['taskgate-dev', 'work'], 'work', 'https://old'), added);
  expect(read(once).clusters).toEqual([
    { name: 'work', cluster: { server: 'https://old' } },
    { name: 'taskgate-dev', cluster: { server: 'https://ours' } },
  ]);
  expect(mergeKubeconfig(once, added)).toBe(once);
});

test.each([
  '',
  '# only a comment\n',
  'apiVersion: v1\nclusters: null\n',
])('the entries are added to an empty file: %j', (text) => {
  expect(read(mergeKubeconfig(text, added))).toMatchObject({ apiVersion: 'v1', kind: 'Config', 'current-context': '' });
  expect(contextNames(mergeKubeconfig(text, added))).toEqual(['taskgate-dev']);
});

test('removing the entries restores the file; a current context that was removed is unset', () => {
  const text = config(['work'], 'work');
  expect(read(unmergeKubeconfig(mergeKubeconfig(text, added), 'taskgate-dev'))).toEqual(read(text));
  expect(read(unmergeKubeconfig(added, 'taskgate-dev'))['current-context']).toBe('');
  const without = `# mine\n${text}`;
  expect(unmergeKubeconfig(without, 'taskgate-dev')).toBe(without);
});

test.each(['- a list', 'a: [', 'text'])('refuses a file that is not a kubeconfig: %j', (text) => {
  expect(() => mergeKubeconfig(text, added)).toThrow(expect.objectContaining({ id: 'usage.kubeconfig' }));
});
