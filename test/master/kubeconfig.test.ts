import { expect, test } from 'vitest';
import { parseYaml, renderYaml } from '../../src/lib/template.ts';
import { renderKubeconfig } from '../../src/master/kubeconfig.ts';
import { changed } from './sample.ts';

const clusterOf = (name: string) => ({
  name,
  cluster: { server: `https://${name}:6443`, 'certificate-authority-data': 'QQ==' },
});
const userOf = (name: string) => ({ name, user: { token: `${name}-token` } });
const contextOf = (name: string) => ({ name, context: { cluster: name, user: name } });
const two = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'one',
  clusters: [clusterOf('one'), clusterOf('two')],
  users: [userOf('one'), userOf('two')],
  contexts: [contextOf('one'), contextOf('two')],
};

test('keeps one context, and makes it the current one', () => {
  expect(parseYaml(renderKubeconfig(renderYaml(two), 'two'))).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'two',
    clusters: [clusterOf('two')],
    users: [userOf('two')],
    contexts: [contextOf('two')],
  });
});

test.each<readonly [what: string, changes: Readonly<Record<string, unknown>>, message: string]>([
  ['no such context', { contexts: [] }, "kubeconfig: contexts has no 'one'"],
  ['no such cluster', { clusters: [] }, "kubeconfig: clusters has no 'one'"],
  ['no users at all', { users: undefined }, "kubeconfig: users has no 'one'"],
  ['empty cluster', { 'clusters.0.cluster': null }, "kubeconfig: cluster 'one' is empty"],
  ['a file', { 'clusters.0.cluster.certificate-authority': 'ca.crt' }, 'outside of the file: certificate-authority'],
  ['a program', { 'users.0.user.exec': { command: 'aws' } }, 'outside of the file: exec'],
])('refuses %s', (_, changes, message) => {
  expect(() => renderKubeconfig(renderYaml(changed(two, changes)), 'one')).toThrow(message);
});

test('refuses an empty file', () => {
  expect(() => renderKubeconfig('', 'one')).toThrow('kubeconfig: is empty');
});
