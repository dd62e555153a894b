import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openAccess, readAccess } from '../../src/instance/access.ts';
import { servePlainly } from '../support/kube/plain-server.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

let dir: string;
let runs: string;
beforeEach(async () => {
  dir = await temporaryDir();
  runs = join(dir, 'runs');
});

/** An exec plugin that notes each run, and prints this token. */
const plugin = async (name: string, token: string): Promise<object> => {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const credential = JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token } });
  const command = join(dir, name);
  await writeFile(command, `#!/bin/sh\necho "${name} $TEST_PROFILE" >> '${runs}'\necho '${credential}'\n`);
  await chmod(command, 0o755);
  return { apiVersion, command, env: [{ name: 'TEST_PROFILE', value: 'p' }], interactiveMode: 'Never' };
};

const write = async (name: string, server: string, user: object): Promise<string> => {
  const named = { name: 'c', cluster: { server }, user, context: { cluster: 'c', user: 'c' } };
  const file = { clusters: [named], users: [named], contexts: [named], 'current-context': 'c' };
  await writeFile(join(dir, name), JSON.stringify(file));
  return join(dir, name);
};

const serve = async () => {
  const seen: (string | undefined)[] = [];
  const kubeconfig = await servePlainly(({ headers }, response) => {
    seen.push(headers.authorization);
    response.end('{}');
  });
  return { seen, server: JSON.parse(kubeconfig).clusters[0].cluster.server as string };
};

test('the program of the user’s own context gives the credentials, once; that of the instance’s file is never run', async () => {
  const { seen, server } = await serve();
  const kubeconfigPath = await write('instance', server, { exec: await plugin('planted', 'bad') });
  const own = await write('own', 'https://elsewhere.example', { exec: await plugin('login', 'good') });
  const attach = { context: 'c', allowContext: 'c', kubeconfigPaths: [own] };
  const access = { kubeconfigPath, kubeContext: 'c', attach };
  for (let round = 0; round < 3; round++) await (await openAccess(access, {})).text('/version');
  // the cluster stays that of the instance
  expect(seen).toEqual(['Bearer good', 'Bearer good', 'Bearer good']);
  expect(await readFile(runs, 'utf8')).toBe('login p\n');
});

test('without the user’s own kubeconfig nothing is run', async () => {
  const kubeconfigPath = await write('instance', 'http://127.0.0.1:1', { exec: await plugin('planted', 'bad') });
  const attach = { context: 'c', allowContext: 'c', kubeconfigPaths: [join(dir, 'gone')] };
  await expect(openAccess({ kubeconfigPath, kubeContext: 'c', attach }, {})).rejects.toMatchObject({
    id: 'usage.kubeconfig',
    message: `kubeconfig: there is none at ${join(dir, 'gone')}`,
  });
  await expect(openAccess({ kubeconfigPath, kubeContext: 'c' }, {})).rejects.toMatchObject({
    id: 'usage.kubeconfig',
    message: expect.stringContaining('is not run here'),
  });
  await expect(readFile(runs)).rejects.toThrow('ENOENT');
});

test('how long a refusal that passes is tried again is the caller’s', async () => {
  const kubeconfig = await servePlainly((_, response) => response.writeHead(503).end());
  await writeFile(join(dir, 'instance'), kubeconfig);
  const kube = await openAccess({ kubeconfigPath: join(dir, 'instance'), kubeContext: 'x' }, {}, 0);
  await expect(kube.text('/version')).rejects.toMatchObject({ code: 503 });
});

test('a proxy of the environment counts for an attached cluster alone', async () => {
  const env = { HTTPS_PROXY: 'http://proxy.example:3128' };
  const kubeconfigPath = await write('instance', 'https://a', { token: 't' });
  const attach = { context: 'c', allowContext: 'c', kubeconfigPaths: [] };
  expect((await readAccess({ kubeconfigPath, kubeContext: 'c' }, env)).options).toEqual({});
  expect((await readAccess({ kubeconfigPath, kubeContext: 'c', attach }, env)).options).toEqual({ env });
  await rm(kubeconfigPath);
  await expect(readAccess({ kubeconfigPath, kubeContext: 'c' }, env)).rejects.toThrow('ENOENT');
});
