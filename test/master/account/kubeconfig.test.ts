import { expect, test } from 'vitest';
import { parseYaml, renderYaml } from '../../../src/lib/template.ts';
import { renderAccountKubeconfig } from '../../../src/master/account/kubeconfig.ts';

const cluster = { name: 'dev', cluster: { server: 'https://10.210.255.2:6443', 'certificate-authority-data': 'QQ==' } };
const admin = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'dev',
  clusters: [cluster],
  contexts: [{ name: 'dev', context: { cluster: 'dev', user: 'admin' } }],
  users: [{ name: 'admin', user: { 'client-key-data': 'secret' } }],
};

test("takes the cluster, and the account's token in place of the user", () => {
  const name = 'taskgate-dev-master';
  expect(parseYaml(renderAccountKubeconfig(renderYaml(admin), { name, token: 'eyJ.a.b' }))).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [cluster],
    contexts: [{ name, context: { cluster: 'dev', user: name } }],
    users: [{ name, user: { token: 'eyJ.a.b' } }],
  });
});

test.each([
  ['two', { ...admin, clusters: [cluster, cluster] }, 'has 2 clusters'],
  ['none', { ...admin, clusters: undefined }, 'has 0 clusters'],
])('refuses a kubeconfig with %s', (_, file, message) => {
  expect(() => renderAccountKubeconfig(renderYaml(file), { name: 'a', token: 'b' })).toThrow(message);
});

test('keeps the path of the server, its proxy and the name on its certificate', () => {
  const through = { server: 'https://h/k8s/c-1', 'proxy-url': 'socks5://p:1080', 'tls-server-name': 'api.example' };
  const file = renderYaml({ ...admin, clusters: [{ name: 'dev', cluster: through }] });
  expect(parseYaml(renderAccountKubeconfig(file, { name: 'a', token: 'b' }))).toMatchObject({
    clusters: [{ cluster: through }],
  });
});
