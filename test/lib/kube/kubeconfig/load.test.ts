import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadKubeconfig } from '../../../../src/lib/kube/kubeconfig/load.ts';
import { parseYaml, renderYaml } from '../../../../src/lib/template.ts';
import { changed } from '../../../support/master/sample.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

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

/** Loads the one context of a file with this text. */
const loadText = async (text: string, kubeContext = 'one'): Promise<string> => {
  const path = join(await temporaryDir(), 'config');
  await writeFile(path, text);
  return loadKubeconfig([path], kubeContext);
};

test('keeps one context, and makes it the current one', async () => {
  expect(parseYaml(await loadText(renderYaml(two), 'two'))).toEqual({
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
  ['a cluster without a server', { 'clusters.0.cluster': { server: '' } }, "kubeconfig: cluster 'one' has no server"],
  ['a context without a cluster', { 'contexts.0.context': { user: 'one' } }, "context 'one' names no cluster"],
  ['empty cluster', { 'clusters.0.cluster': null }, "kubeconfig: cluster 'one' is empty"],
])('refuses %s', async (_, changes, message) => {
  await expect(loadText(renderYaml(changed(two, changes)))).rejects.toThrow(message);
});

test.each(['', '# only a comment\n'])('an empty file is skipped: %j', async (text) => {
  await expect(loadText(text)).rejects.toThrow('kubeconfig: there is none at ');
});

test.each([
  ['a: [', 'is not YAML: '],
  ['- a list', 'is not a mapping'],
])('refuses the file %j', async (text, message) => {
  await expect(loadText(text)).rejects.toThrow(new RegExp(`^kubeconfig: .*/config ${message}`));
});

test('a context without a user is one, as of a cluster behind kubectl proxy', async () => {
  const contexts = [{ name: 'one', context: { cluster: 'one' } }];
  expect(parseYaml(await loadText(renderYaml({ ...two, contexts, users: null })))).toMatchObject({
    clusters: [clusterOf('one')],
    users: [{ user: {} }],
  });
});

test.each([
  'arn:aws:eks:eu-1:123:cluster/a',
  'a b/c@d#e',
  '123',
  'true',
  'ünïcode',
  '"q"',
  '__proto__',
])('a context may have any name: %s', async (name) => {
  const named = { contexts: [contextOf(name)], clusters: [clusterOf(name)], users: [userOf(name)] };
  expect(parseYaml(await loadText(renderYaml({ ...two, ...named }), name))).toMatchObject({ 'current-context': name });
  // YAML that another program wrote may have it as a number
  const bare = JSON.stringify({ ...two, ...named }).replaceAll('"123"', '123');
  expect(await loadText(bare, name)).toContain('token');
});

test('of two entries of one name in a file the first counts', async () => {
  const clusters = [clusterOf('one'), { name: 'one', cluster: { server: 'https://second' } }];
  expect(parseYaml(await loadText(renderYaml({ ...two, clusters })))).toMatchObject({ clusters: [clusterOf('one')] });
});

test('what the official client does not know is kept', async () => {
  const user = { token: 't', as: 'jane', 'as-groups': ['a'] };
  const context = { cluster: 'one', user: 'one', extensions: [{ name: 'x' }] };
  const cluster = { ...clusterOf('one').cluster, 'disable-compression': true };
  const file = {
    clusters: [{ name: 'one', cluster }],
    users: [{ name: 'one', user }],
    contexts: [{ name: 'one', context }],
  };
  expect(parseYaml(await loadText(renderYaml(file)))).toMatchObject(file);
});

test('a file of a thousand clusters is read', async () => {
  const names = ['one', ...Array.from({ length: 1_000 }, (_, index) => `c${index}`)];
  const file = { contexts: names.map(contextOf), clusters: names.map(clusterOf), users: names.map(userOf) };
  expect(parseYaml(await loadText(JSON.stringify(file), 'c999'))).toMatchObject({ clusters: [clusterOf('c999')] });
});

describe('files that a kubeconfig refers to', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await temporaryDir();
    await Promise.all(['ca.crt', 'me.crt', 'me.key'].map((name) => writeFile(join(dir, name), `text of ${name}`)));
  });

  const cluster = 'clusters.0.cluster';
  const user = 'users.0.user';
  const base64 = (name: string) => Buffer.from(`text of ${name}`).toString('base64');
  const load = async (changes: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const path = join(dir, 'kubeconfig');
    await writeFile(path, renderYaml(changed(two, changes)));
    return parseYaml(await loadKubeconfig([path], 'one'));
  };

  test('are embedded, relative ones from its folder; those of other contexts are left alone', async () => {
    const reduced = await load({
      [`${cluster}.certificate-authority-data`]: undefined,
      [`${cluster}.certificate-authority`]: 'ca.crt',
      [user]: { 'client-certificate': './me.crt', 'client-key': join(dir, 'me.key') },
      'users.1.user.client-key': 'is-not-there',
    });
    expect(reduced).toMatchObject({
      clusters: [
        { name: 'one', cluster: { server: 'https://one:6443', 'certificate-authority-data': base64('ca.crt') } },
      ],
      users: [
        { name: 'one', user: { 'client-certificate-data': base64('me.crt'), 'client-key-data': base64('me.key') } },
      ],
    });
    expect(JSON.stringify(reduced)).not.toContain('"client-key"');
  });

  test('give way to data that is there', async () => {
    expect(await load({ [`${cluster}.certificate-authority`]: 'is-not-there' })).toMatchObject({
      clusters: [clusterOf('one')],
    });
  });

  test('must be there', async () => {
    await expect(load({ [`${user}.client-key`]: 'gone.key' })).rejects.toMatchObject({
      id: 'usage.kubeconfig',
      message: expect.stringMatching(/^kubeconfig: cannot read .*gone\.key: ENOENT/),
    });
  });

  test('that stay outside are found from every folder: a token file and an exec plugin with a path', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/login' };
    expect(await load({ [user]: { tokenFile: 'token', exec } })).toMatchObject({
      users: [{ name: 'one', user: { tokenFile: join(dir, 'token'), exec: { command: join(dir, 'bin', 'login') } } }],
    });
    expect(await load({ [user]: { exec: { ...exec, command: 'aws' } } })).toMatchObject({
      users: [{ user: { exec: { command: 'aws' } } }],
    });
    // as for kubectl: no shell expands it
    expect(await load({ [user]: { tokenFile: '~/token' } })).toMatchObject({
      users: [{ user: { tokenFile: join(dir, '~', 'token') } }],
    });
  });

  test('and the kubeconfig itself must be there', async () => {
    await expect(loadKubeconfig([join(dir, 'absent')], 'one')).rejects.toThrow('kubeconfig: there is none at ');
    await expect(loadKubeconfig([dir], 'one')).rejects.toThrow('kubeconfig: cannot read ');
  });
});

describe('several files', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await temporaryDir();
    await mkdir(join(dir, 'sub'));
  });
  const write = async (path: string, file: object): Promise<string> => {
    await writeFile(join(dir, path), renderYaml(file));
    return join(dir, path);
  };

  test('the first that has an entry counts, and its paths start from its own folder', async () => {
    const first = await write('first', { contexts: [contextOf('one')], users: [userOf('one')] });
    const second = await write('sub/second', {
      clusters: [{ name: 'one', cluster: { server: 'https://second:6443', 'certificate-authority': 'ca.crt' } }],
      users: [{ name: 'one', user: { token: 'another' } }],
    });
    await writeFile(join(dir, 'sub', 'ca.crt'), 'text');
    const paths = [join(dir, 'absent'), first, second];
    expect(parseYaml(await loadKubeconfig(paths, 'one'))).toMatchObject({
      'current-context': 'one',
      clusters: [{ cluster: { server: 'https://second:6443', 'certificate-authority-data': 'dGV4dA==' } }],
      users: [userOf('one')],
    });
  });

  test('an empty one is none', async () => {
    await writeFile(join(dir, 'empty'), '\n');
    await expect(loadKubeconfig([join(dir, 'empty')], 'one')).rejects.toThrow('there is none at');
  });
});
