import { expect, test } from 'vitest';
import { modelOf, type Source } from '../../../../src/lib/kube/kubeconfig/model.ts';

const cluster = (name: unknown, server: unknown, more: object = {}) => ({ name, cluster: { server, ...more } });
const user = (name: unknown, more: object) => ({ name, user: more });
const context = (name: unknown, of: unknown) => ({ name, context: { cluster: of, user: of } });
const source = (file: object, folder = '/home/me'): Source => ({ file: { ...file }, folder });

test('names that YAML has as numbers are text, so that what names them finds them', async () => {
  const file = { clusters: [cluster(1, 'https://a')], users: [user('1', {})], contexts: [context(2, 1)] };
  const config = await modelOf([source({ ...file, 'current-context': 2 })]);
  expect(config.getCurrentCluster()).toMatchObject({ name: '1', server: 'https://a' });
  expect(config.getCurrentUser()).toMatchObject({ name: '1' });
});

test('of several files the first that has an entry or a current context counts; paths start from their own folder', async () => {
  const first = { clusters: [cluster('a', 'https://first', { 'certificate-authority': 'ca.crt' })] };
  const second = {
    clusters: [cluster('a', 'https://second'), cluster('b', 'https://b', { 'certificate-authority': 'ca.crt' })],
    users: [user('b', { 'client-certificate': '../me.crt', 'client-key': '/etc/me.key' })],
    contexts: [context('b', 'b')],
    'current-context': 'b',
  };
  const config = await modelOf([source(first), source(second, '/etc/kube'), source({ 'current-context': 'a' })]);
  expect(config.getClusters().map(({ server, caFile }) => [server, caFile])).toEqual([
    ['https://first', '/home/me/ca.crt'],
    ['https://b', '/etc/kube/ca.crt'],
  ]);
  expect(config.getUser('b')).toMatchObject({ certFile: '/etc/me.crt', keyFile: '/etc/me.key' });
  expect(config.getCurrentContext()).toBe('b');
});

test('what is no entry is left out, and a field that kubectl does not know names no file', async () => {
  const file = {
    clusters: [
      null,
      { name: 'no-body' },
      cluster('number', 5, { 'certificate-authority': 5 }),
      cluster('a', 'https://a'),
    ],
    users: [{ user: {} }, user('a', { 'token-file': '/is/not/there' })],
    contexts: [{ name: 'none' }, context('a\u007f\u{1f600}', 'a')],
  };
  const config = await modelOf([source(file)]);
  expect(config.getClusters().map(({ name }) => name)).toEqual(['a']);
  expect(config.getUsers().map(({ name }) => name)).toEqual(['a']);
  expect(config.getContexts().map(({ name }) => name)).toEqual(['a\u007f\u{1f600}']);
});
