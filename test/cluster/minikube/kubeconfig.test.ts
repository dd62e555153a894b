import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rewriteKubeconfig } from '../../../src/cluster/minikube/kubeconfig.ts';
import { parseYaml } from '../../../src/lib/template.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const settled = (files: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'dev', cluster: { server: 'https://127.0.0.1:32771', 'certificate-authority-data': files.ca } }],
  users: [{ name: 'dev', user: { 'client-certificate-data': files.crt, 'client-key-data': files.key } }],
  contexts: [{ name: 'dev', context: { cluster: 'dev', user: 'dev' } }],
  'current-context': 'dev',
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('what update-context has written becomes one current context with its certificates inside, for its owner', async () => {
  const dir = await temporaryDir();
  for (const name of ['ca.crt', 'client.crt', 'client.key']) await writeFile(join(dir, name), `text of ${name}`);
  const path = join(dir, 'kubeconfig');
  await writeFile(
    path,
    `apiVersion: v1
kind: Config
clusters:
- name: other
  cluster: { server: 'https://other' }
- name: dev
  cluster:
    certificate-authority: ${dir}/ca.crt
    extensions: [{ name: cluster_info, extension: { provider: minikube.sigs.k8s.io } }]
    server: https://127.0.0.1:32771
users:
- name: dev
  user: { client-certificate: ${dir}/client.crt, client-key: ${dir}/client.key }
contexts: []
current-context: other
`,
    { mode: 0o644 },
  );
  await rewriteKubeconfig(path, 'dev');
  const wanted = { ca: 'text of ca.crt', crt: 'text of client.crt', key: 'text of client.key' };
  const encoded = Object.fromEntries(Object.entries(wanted).map(([name, text]) => [name, base64(text)]));
  expect(parseYaml(await readFile(path, 'utf8'))).toEqual(settled(encoded));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
