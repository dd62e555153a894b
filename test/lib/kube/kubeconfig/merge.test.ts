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

test('an entry of the same name is replaced in its place, and doing it again changes nothing', () => {
  const once = mergeKubeconfig(config(['taskgate-dev', 'work'], 'work', 'https://old'), added);
  expect(read(once).clusters).toEqual([
    { name: 'taskgate-dev', cluster: { server: 'https://ours' } },
    { name: 'work', cluster: { server: 'https://old' } },
  ]);
  expect(mergeKubeconfig(once, added)).toBe(once);
});

test.each([
  '',
  '# only a comment\n',
  '---\n',
  '# hi\n---',
  '# hi\n---\n',
])('an empty file becomes a kubeconfig: %j', (text) => {
  const merged = mergeKubeconfig(text, added);
  expect(read(merged)).toMatchObject({ apiVersion: 'v1', kind: 'Config', 'current-context': '' });
  expect(contextNames(merged)).toEqual(['taskgate-dev']);
  expect(merged.startsWith(text)).toBe(true);
});

test.each([
  ['~', ''],
  ['null\n', '\n'],
  ['# hi\n--- ~ # none\n', '# hi\n--- # none\n'],
  ['# hi\n---\nnull\n# end\n', '# hi\n---\n\n# end\n'],
])('a null is an empty file, its comments stay: %j', (text, kept) => {
  const merged = mergeKubeconfig(text, added);
  expect(contextNames(merged)).toEqual(['taskgate-dev']);
  expect(merged.startsWith(kept)).toBe(true);
});

test.each([
  '|-\n  taskgate-dev\n',
  '>-\n  taskgate-dev\n',
  '&a |-\n  taskgate-dev\n',
  '&a taskgate-dev\n',
  '\n  taskgate-dev\n',
])('a current context of any form is unset: %j', (form) => {
  const text = `${config(['work'], 'work').replace(/current-context:.*\n/, '')}current-context: ${form}preferences: {}\n`;
  const unmerged = unmergeKubeconfig(mergeKubeconfig(text, added), 'taskgate-dev');
  expect(read(unmerged)).toEqual({ ...read(text), 'current-context': '' });
});

test('what could not be unset again is refused at the merge, and is not called broken YAML', () => {
  const text = `${config(['work'], 'work').replace(/current-context:.*\n/, '')}current-context: &c |-\n  taskgate-dev\nextensions: [*c]\n`;
  expect(() => mergeKubeconfig(text, added)).toThrow(/cannot be edited without changing the rest of it$/);
});

/** Entries of the user's, each of which was changed or lost when the file was written anew. */
const others = {
  'scalars of YAML 1.1':
    'clusters:\n- name: a\n  cluster: {server: https://a, insecure-skip-tls-verify: yes}\nusers:\n- name: a\n  user:\n    password: 0123\ncontexts: []\n',
  'comments, and an order of its own':
    '# mine\ncontexts:\n  # first\n  - name: a # the best\n\n# users\nusers: null\nclusters:\n  - {name: a}\n# end\n',
  'no list at all': 'apiVersion: v1\n',
  'lists that kubectl left empty': 'apiVersion: v1\nclusters: null\ncontexts: null\nkind: Config\nusers: null\n',
  'lines that end as on Windows': 'clusters:\r\n- name: a\r\nusers: []\r\ncontexts:\r\n- name: b\r\n',
  'no newline at the end': 'users: []\ncontexts: []\nclusters:\n- name: a',
  JSON: '{"clusters":[{"name":"a"}],"contexts":[],"users":[ {"name":"u"} ],"kind":"Config"}',
  'an entry that is none': 'contexts:\n- ~\nusers: []\nclusters: []\n',
  'blanks and block scalars':
    'clusters:\n-   name: a\nusers:\n-\n  name: a\n  user:\n    token: |\n      x\n\ncontexts: [ ]\n',
  'a start and an end': '%YAML 1.1\n---\nusers: []\nclusters: []\ncontexts: []\n...\n',
};

test.each(Object.entries(others))('%s: only our entries are written and removed again, byte by byte', (_, text) => {
  const merged = mergeKubeconfig(text, added);
  expect(read(merged).contexts).toContainEqual(expect.objectContaining({ name: 'taskgate-dev' }));
  expect(mergeKubeconfig(merged, added)).toBe(merged);
  const emptied = text.endsWith('apiVersion: v1\n') ? `${text}clusters: null\nusers: null\ncontexts: null\n` : text;
  expect(unmergeKubeconfig(merged, 'taskgate-dev')).toBe(emptied);
});

test.each([
  'contexts: &c []\nusers: *c\n',
  'clusters: !!map {}\n',
  'clusters: {a: b}\n',
])('refuses a file in which no entry can be added alone: %j', (text) => {
  const edit = () => mergeKubeconfig(text, added);
  expect(edit).toThrow(/^your kubeconfig .*cannot be edited without changing the rest of it$/);
  expect(edit).toThrow(
    expect.objectContaining({ id: 'usage.kubeconfig', hint: expect.stringMatching(/nothing was changed$/) }),
  );
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
