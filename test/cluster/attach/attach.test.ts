import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type AttachSpec, attach } from '../../../src/cluster/attach/attach.ts';
import { noteVersion, verifyAttach } from '../../../src/cluster/attach/verify.ts';
import { UserError } from '../../../src/lib/errors.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import { notRunningHint } from '../../../src/lib/kube/unreachable.ts';
import { parseYaml, renderYaml } from '../../../src/lib/template.ts';
import { type FakeKubeInput, fakeKube, refusal } from '../../fakes/kube.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { makeNode } from '../../support/cluster/attached-node.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'other',
  clusters: ['work', 'other'].map((name) => ({ name, cluster: { server: `https://${name}.example:6443` } })),
  users: ['work', 'other'].map((name) => ({ name, user: { token: `token-of-${name}` } })),
  contexts: ['work', 'other'].map((name) => ({ name, context: { cluster: name, user: name } })),
};

let dir: string;
let spec: AttachSpec;
beforeEach(async () => {
  dir = await temporaryDir();
  const path = join(dir, 'config');
  await writeFile(path, renderYaml(kubeconfig));
  const instanceDir = join(dir, 'instance');
  spec = { name: 'dev', instanceDir, context: 'work', allowContext: 'work', kubeconfigPaths: [path] };
});

const version = JSON.stringify({ major: '1', minor: '34', gitVersion: 'v1.34.4' });
const route = (address: string, answer: object, match: object) => ({
  [`ip -json route get ${address}`]: JSON.stringify([answer]),
  [`ip -json route get fibmatch ${address}`]: JSON.stringify([match]),
});

const setUp = (input: FakeKubeInput = {}, wrap: (kube: Kube) => Kube = (kube) => kube) => {
  const fake = fakeKube({ objects: [makeNode()], texts: { '/version': version }, ...input });
  const connected: string[] = [];
  const { runner } = fakeRunner({
    ...route('10.0.0.2', { prefsrc: '192.0.2.2' }, { dst: 'default' }),
    ...route('10.0.0.3', { prefsrc: '10.0.0.1' }, { dst: '10.0.0.0/24' }),
  });
  const connect = (text: string, context: string): Kube => {
    connected.push(`${context} ${text}`);
    return wrap(fake.kube);
  };
  return { fake, connected, tools: { runner, connect } };
};

const limits = { signal: new AbortController().signal, timeoutMs: 1_000 };

describe('attach', () => {
  test('speaks only to the named context, and only asks', async () => {
    const { fake, connected, tools } = setUp();
    expect(await attach(spec, tools).find()).toBe('running');
    const [kubeconfigText = ''] = connected;
    expect(connected).toHaveLength(1);
    expect(kubeconfigText).toMatch(/^work /);
    expect(kubeconfigText).toContain('https://work.example:6443');
    expect(kubeconfigText).not.toContain('other');
    expect(fake.writes()).toEqual([]);
  });

  test('start writes a kubeconfig of its own, and none of the user', async () => {
    const { fake, tools } = setUp({ objects: [makeNode(), makeNode({ name: 'two', address: '10.0.0.3' })] });
    const [userFile = ''] = spec.kubeconfigPaths;
    const before = await readFile(userFile, 'utf8');
    const path = join(spec.instanceDir, 'kubeconfig');
    expect(await attach(spec, tools).start(limits)).toEqual({
      name: 'dev',
      provider: 'attach',
      kubeconfigPath: path,
      kubeContext: 'work',
      nodeName: 'two',
      nodeAddress: '10.0.0.3',
      hostAddress: '10.0.0.1',
    });
    expect(parseYaml(await readFile(path, 'utf8'))).toMatchObject({
      'current-context': 'work',
      contexts: [{ name: 'work' }],
      users: [{ user: { token: 'token-of-work' } }],
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(userFile, 'utf8')).toBe(before);
    expect(fake.writes()).toEqual([]);
  });

  test('images, stop and delete leave the cluster alone', async () => {
    const { fake, tools } = setUp();
    await attach(spec, tools).loadImages('archive', ['contour:1'], limits);
    await attach(spec, tools).stop();
    await attach(spec, tools).delete();
    expect(fake.calls).toEqual([]);
  });

  test.each([
    [undefined, 'no context is allowed'],
    ['other', "--allow-context names 'other'"],
  ])('refuses a context that is not allowed (%s)', async (allowContext, seen) => {
    const { connected, tools } = setUp();
    await expect(attach({ ...spec, allowContext }, tools).find()).rejects.toMatchObject({
      id: 'usage.context-not-allowed',
      message: `context 'work' may not be changed: ${seen}`,
      hint: expect.stringContaining('--allow-context work'),
    });
    expect(connected).toEqual([]);
  });

  test('refuses a context that the kubeconfig does not have', async () => {
    const { tools } = setUp();
    await expect(attach({ ...spec, context: 'gone', allowContext: 'gone' }, tools).find()).rejects.toMatchObject({
      id: 'usage.kubeconfig',
      message: "kubeconfig: contexts has no 'gone'",
    });
  });

  test('an API server that does not answer is named with its context', async () => {
    const dead = new UserError('the API server at https://work.example:6443 does not answer: ECONNREFUSED', {
      id: 'cluster.api',
      hint: notRunningHint,
    });
    const { tools } = setUp({}, (kube) => ({ ...kube, text: () => Promise.reject(dead) }));
    await expect(attach(spec, tools).find()).rejects.toMatchObject({
      id: 'cluster.api',
      message: "context 'work': the API server at https://work.example:6443 does not answer: ECONNREFUSED",
      hint: 'is the cluster running? see: kubectl --context work get nodes',
    });
  });

  test('reports refused credentials with their context', async () => {
    const { tools } = setUp({}, (kube) => ({
      ...kube,
      list: () => Promise.reject(refusal(401, 'Unauthorized', 'Unauthorized')),
    }));
    await expect(attach(spec, tools).start(limits)).rejects.toMatchObject({
      id: 'cluster.refused',
      message: "context 'work': the API server refused the request: Unauthorized",
      hint: expect.stringContaining('kubectl --context work auth can-i'),
    });
  });
});

type Review = { readonly spec: { readonly resourceAttributes: { readonly resource: string } } };

/** An API server that answers each access review. */
const allowing =
  (isAllowed: (resource: string) => boolean) =>
  (kube: Kube): Kube => ({
    ...kube,
    create: async (object) => {
      const { resource } = (object as unknown as Review).spec.resourceAttributes;
      return { ...object, status: { allowed: isAllowed(resource) } };
    },
  });

describe('verifyAttach', () => {
  test('finds nothing wrong with a cluster of an administrator', async () => {
    const { fake, tools } = setUp(
      {},
      allowing(() => true),
    );
    expect(await verifyAttach(spec, tools)).toEqual({ obstacles: [], notes: [] });
    expect(fake.writes()).toEqual([]);
    await expect(stat(spec.instanceDir)).rejects.toThrow('ENOENT');
  });

  test('names the rights that are missing', async () => {
    const { tools } = setUp(
      {},
      allowing((resource) => !['*', 'jobs'].includes(resource)),
    );
    expect((await verifyAttach(spec, tools)).obstacles).toEqual([
      {
        what: "the user of context 'work' may not get/list/watch/create/delete jobs",
        hint: 'Contour and its CRDs need an administrator of the cluster: use a context with such a user',
      },
    ]);
  });

  test('without rights on admission policies, or on all kinds, there are notes', async () => {
    const { tools } = setUp(
      {},
      allowing((resource) => resource !== '*' && !resource.startsWith('mutatingadmission')),
    );
    const { obstacles, notes } = await verifyAttach(spec, tools);
    expect(obstacles).toEqual([]);
    expect(notes).toEqual([
      expect.stringContaining('mutatingadmissionpolicybindings: the Gateway works without'),
      'the user may not list *.*: `taskgate down` cannot see whether others use a namespace that it made, and leaves it',
    ]);
  });

  test('the program that gives the credentials is shown, and kept for kubectl and the master', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws', args: ['eks', 'get-token'] };
    const users = [{ name: 'work', user: { exec } }];
    const clusters = [{ name: 'work', cluster: { server: 'http://10.0.0.7:8080' } }];
    await writeFile(spec.kubeconfigPaths[0] ?? '', renderYaml({ ...kubeconfig, clusters, users }));
    const { tools } = setUp(
      {},
      allowing(() => true),
    );
    expect((await verifyAttach(spec, tools)).notes).toEqual([
      "context 'work' gets its credentials from a program, which is run: aws eks get-token",
      "the credentials of context 'work' go unencrypted to http://10.0.0.7:8080, as with kubectl: who is on the way can read them",
    ]);
    const refused = setUp(
      {},
      allowing(() => false),
    );
    expect((await verifyAttach(spec, refused.tools)).obstacles[0]?.what).toMatch(
      /, with the credentials of aws eks get-token, may not/,
    );
    await attach(spec, tools).start(limits);
    expect(parseYaml(await readFile(join(spec.instanceDir, 'kubeconfig'), 'utf8'))).toMatchObject({ users });
  });

  test('refuses a cluster in which no pod can run', async () => {
    const { tools } = setUp({ objects: [makeNode({ ready: 'False' })] });
    await expect(verifyAttach(spec, tools)).rejects.toMatchObject({ id: 'cluster.no-node' });
  });

  test('notes a version that Contour was not tested with', async () => {
    const old = JSON.stringify({ major: '1', minor: '30', gitVersion: 'v1.30.2' });
    const { tools } = setUp(
      { texts: { '/version': old } },
      allowing(() => true),
    );
    expect((await verifyAttach(spec, tools)).notes).toEqual([
      'the cluster runs Kubernetes v1.30.2; Contour 1.33 supports 1.32 to 1.34',
    ]);
  });
});

test.each([
  ['31', true],
  ['32', false],
  ['33+', false],
  ['34', false],
  ['35', true],
])('minor version %s: a note %s', (minor, isNoted) => {
  const note = noteVersion(JSON.stringify({ major: '1', minor, gitVersion: `v1.${minor}.0` }));
  expect(note !== undefined).toBe(isNoted);
});
