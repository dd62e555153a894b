import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadKubeconfig, verifyNoPrograms } from '../../../../src/lib/kube/kubeconfig/load.ts';
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
  ['empty cluster', { 'clusters.0.cluster': null }, "kubeconfig: cluster 'one' is empty"],
  [
    'a token file',
    { 'users.0.user.tokenFile': 'token' },
    "user 'one' refers to something outside of the file: tokenFile",
  ],
  [
    'a program',
    { 'users.0.user.exec': { command: 'aws' } },
    "user 'one' gets its credentials from a program outside of the file: exec",
  ],
  ['a plugin', { 'users.0.user.auth-provider': { name: 'gcp' } }, 'from a program outside of the file: auth-provider'],
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

  test('a token file is refused: its content changes', async () => {
    await expect(load({ [`${user}.tokenFile`]: 'token' })).rejects.toThrow('outside of the file: tokenFile');
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

describe('programs for credentials', () => {
  const withUser = (name: string, user: object) =>
    renderYaml({ ...two, users: [...two.users.filter((one) => one.name !== name), { name, user }] });

  test.each(['exec', 'auth-provider'])('%s of the current context is refused', (kind) => {
    expect(() => verifyNoPrograms(withUser('one', { [kind]: { command: 'evil' } }), 'mine')).toThrow(
      expect.objectContaining({
        id: 'usage.kubeconfig',
        message: `mine: user 'one' gets its credentials from a program, which is not run: ${kind}`,
        hint: expect.stringContaining('kubectl create token'),
      }),
    );
  });

  test('one of another context is never run, so it may be there; text that is no YAML is not quoted', () => {
    expect(() => verifyNoPrograms(withUser('two', { exec: { command: 'evil' } }), 'mine')).not.toThrow();
    expect(() => verifyNoPrograms('token: s3cret\n{', 'mine')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('s3cret') }),
    );
  });
});
