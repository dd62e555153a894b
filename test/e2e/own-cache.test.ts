import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveFolder } from '../support/e2e/file-server.ts';
import { pathWithoutMinikube } from '../support/e2e/minikube-program.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { runDir } from '../support/temporary-dir.ts';

const name = 'own';

/** As people have it: comments, quotes, an order of their own, and words that only YAML 1.1 reads as true. */
const users = `# my clusters
kind: Config
apiVersion: v1
contexts:
  - {name: work, context: {cluster: "work", user: me}}   # the one at work
current-context: work
clusters:
  - name: work
    cluster:
      insecure-skip-tls-verify: yes
      server: https://work.example:6443
users:
  - name: me
    user: {username: me, password: '0123'}
preferences: {}
`;

let dir: string;
let shared: Taskgate;
let taskgate: Taskgate;
let kubeconfig: string;
let bundle: string;
let digest: string;
let kubectl: string;

beforeAll(async () => {
  dir = await runDir('own');
  kubeconfig = join(dir, 'config');
  bundle = join(dir, 'bundle');
  await writeFile(kubeconfig, users, { mode: 0o600 });
  shared = await makeTaskgate();
  taskgate = await makeTaskgate({
    ...{ XDG_CACHE_HOME: join(dir, 'cache'), KUBECONFIG: kubeconfig },
    ...{ PATH: pathWithoutMinikube, TASKGATE_PROVIDER: 'auto' },
  });
});
afterAll(async () => {
  await taskgate.close(name);
  await shared.close();
  await rm(dir, { recursive: true, force: true });
});

const kubectlWith = async (path: string, ...args: readonly string[]) => {
  const { exitCode, all } = await execa(kubectl, ['--kubeconfig', path, ...args], { reject: false, all: true });
  return { exitCode, all };
};

const itemsIn = (cacheDir: string): Promise<readonly string[]> => readdir(join(cacheDir, 'items'));

test('prefetch --bundle writes a folder with all that a node needs, and its digest', async () => {
  const ended = await shared.run('prefetch', '--bundle', bundle, '--json');
  expect(ending(ended)).toBe('exit 0');
  const { bundleDigest, binaries } = JSON.parse(ended.stdout);
  expect(bundleDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
  [digest, kubectl] = [bundleDigest, binaries.kubectl];
});

describe('an instance from an empty cache, by a bundle on a mirror', () => {
  test('up: each item comes from the mirror, and from nowhere else', async () => {
    const mirror = await serveFolder(bundle);
    const origins = ['--mirror', mirror.url, '--bundle-digest', digest];
    const ended = await taskgate.run('up', '--name', name, ...origins, '--merge-kubeconfig', '--json');
    mirror.close();
    expect(ending(ended)).toBe('exit 0');
    expect(JSON.parse(ended.stdout).proof.ok).toBe(true);
    const items = await itemsIn(taskgate.cacheDir);
    expect(items.length).toBeGreaterThan(5);
    for (const item of items)
      expect(
        mirror.paths.some((path) => path.startsWith(`/items/${item}/`)),
        item,
      ).toBe(true);
    const stamps = await Promise.all(
      items.map((item) => readFile(join(taskgate.cacheDir, 'items', item, 'stamp.json'), 'utf8')),
    );
    expect(new Set(stamps.map((text) => JSON.parse(text).source))).toEqual(new Set(['mirror']));
  });

  test('--merge-kubeconfig: kubectl reads both clusters there, the current one is still the user’s', async () => {
    const nodes = await kubectlWith(kubeconfig, '--context', `taskgate-${name}`, 'get', 'nodes', '--output', 'name');
    expect(nodes).toMatchObject({ exitCode: 0, all: expect.stringMatching(/^node\//) });
    expect(await kubectlWith(kubeconfig, 'config', 'current-context')).toMatchObject({ exitCode: 0, all: 'work' });
    expect((await kubectlWith(kubeconfig, 'config', 'get-contexts', '--output', 'name')).all.split('\n')).toEqual(
      expect.arrayContaining(['work', `taskgate-${name}`]),
    );
  });

  test('config account: kubectl may with it what a master does, and nothing else', async () => {
    expect(ending(await taskgate.run('config', 'account', '--name', name))).toBe('exit 0');
    const account = join(taskgate.dirOf(name), 'master-kubeconfig');
    expect(await kubectlWith(account, 'get', 'pods,services,configmaps')).toMatchObject({ exitCode: 0 });
    expect(await kubectlWith(account, '--namespace', 'projectcontour', 'get', 'gateway', 'contour')).toMatchObject({
      exitCode: 0,
    });
    const refused = [
      ['--namespace', 'kube-system', 'get', 'secrets'],
      ['--namespace', 'projectcontour', 'delete', 'gateway', 'contour'],
      ['create', 'clusterrolebinding', 'mine', '--clusterrole', 'cluster-admin', '--user', 'me'],
      ['delete', 'nodes', '--all'],
    ];
    for (const args of refused) {
      const ended = await kubectlWith(account, ...args);
      expect(ended, args.join(' ')).toMatchObject({ exitCode: 1, all: expect.stringMatching(/forbidden/i) });
    }
  });

  test('tunnel extend: forwards at an address of this host stay open for the hours that are named', async () => {
    const { cluster } = await taskgate.record(name);
    const open = ['--gateway-reach', 'forward', '--gateway-forward-address', cluster?.hostAddress ?? ''];
    expect(ending(await taskgate.run('up', '--name', name, ...open, '--tunnel-allow-public'))).toBe('exit 0');
    const untilOf = async (): Promise<number> => {
      const { stdout } = await taskgate.run('tunnel', 'status', '--name', name, '--json');
      return Date.parse(JSON.parse(stdout).forward.until);
    };
    const before = await untilOf();
    const extended = await taskgate.run('tunnel', 'extend', '--hours', '100', '--name', name);
    expect(ending(extended)).toBe('exit 0');
    expect(extended.stdout).toContain(`forwards of instance ${name} close at 20`);
    expect(await untilOf()).toBeGreaterThan(before + 24 * 3_600_000);
  });

  test("down --purge-cache: the cache is gone, the user's kubeconfig is as it was, byte for byte", async () => {
    expect(ending(await taskgate.run('down', '--name', name, '--purge-cache'))).toBe('exit 0');
    expect(existsSync(taskgate.cacheDir)).toBe(false);
    expect(existsSync(taskgate.dirOf(name))).toBe(false);
    expect(await readFile(kubeconfig, 'utf8')).toBe(users);
  });
});

test('up --bundle: the same again from the folder, with nothing in the cache; auto is native without Minikube', async () => {
  const ended = await taskgate.run('up', '--name', name, '--bundle', bundle, '--json');
  expect(ending(ended)).toBe('exit 0');
  expect(JSON.parse(ended.stdout)).toMatchObject({ proof: { ok: true }, cluster: { provider: 'native' } });
  expect(ended.stderr).toContain("native provider (auto: the program 'minikube' was not found");
  expect((await itemsIn(taskgate.cacheDir)).length).toBeGreaterThan(5);
  expect(ending(await taskgate.run('down', '--name', name))).toBe('exit 0');
  expect(await readFile(kubeconfig, 'utf8')).toBe(users);
});
