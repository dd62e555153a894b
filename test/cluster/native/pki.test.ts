import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { pkiCommands, renderKubeconfig } from '../../../src/cluster/native/pki.ts';
import { nativeSpec } from '../../support/cluster/native-spec.ts';

test('kubeadm makes certificates first, then kubeconfigs', () => {
  expect(pkiCommands(nativeSpec).map((command) => command.join(' '))).toEqual([
    '/bin/kubeadm init phase certs all --config /state/dev/node/config/kubeadm.yaml',
    '/bin/kubeadm init phase kubeconfig all --config /state/dev/node/config/kubeadm.yaml --kubeconfig-dir /state/dev/node/kubeconfigs',
  ]);
});

const superAdmin = `
clusters: [{name: kubernetes, cluster: {certificate-authority-data: Q0E=, server: 'https://10.210.255.2:6443'}}]
users: [{name: super, user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}}]
contexts: [{name: super@kubernetes, context: {cluster: kubernetes, user: super}}]
current-context: super@kubernetes
`;

test("the instance's kubeconfig has one context, named after the instance, and needs no other file", () => {
  expect(parse(renderKubeconfig(superAdmin, 'taskgate-dev'))).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'taskgate-dev', cluster: { 'certificate-authority-data': 'Q0E=', server: 'https://10.210.255.2:6443' } },
    ],
    users: [{ name: 'taskgate-dev', user: { 'client-certificate-data': 'Q0VSVA==', 'client-key-data': 'S0VZ' } }],
    contexts: [{ name: 'taskgate-dev', context: { cluster: 'taskgate-dev', user: 'taskgate-dev' } }],
    'current-context': 'taskgate-dev',
  });
});
