import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ensurePki, pkiCommands, probeTls, renderKubeconfig } from '../../../src/cluster/native/pki.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { nativeSpec } from '../../support/cluster/native-spec.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

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

test('kubeadm that fails is an error with its words, and no bug', async () => {
  const instanceDir = await temporaryDir();
  const runner: Runner = async (command) => {
    throw new CommandError(command, { exitCode: 1, stderr: 'error: no space left on device' });
  };
  await expect(ensurePki({ ...nativeSpec, instanceDir }, runner)).rejects.toMatchObject({
    id: 'cluster.certificates',
    message: expect.stringMatching(/^kubeadm cannot make the node's certificates: .*no space left on device$/),
    hint: expect.stringContaining('disk'),
  });
});

test('what holds a key is for its owner only', async () => {
  const instanceDir = await temporaryDir();
  const path = join(instanceDir, 'node', 'kubeconfigs', 'super-admin.conf');
  const runner: Runner = async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, superAdmin);
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  await ensurePki({ ...nativeSpec, instanceDir }, runner);
  const { certPath, keyPath } = probeTls(instanceDir);
  expect([await readFile(certPath, 'utf8'), await readFile(keyPath, 'utf8')]).toEqual(['CERT', 'KEY']);
  for (const written of [certPath, keyPath, join(instanceDir, 'kubeconfig')]) {
    expect((await stat(written)).mode & 0o777, written).toBe(0o600);
  }
});
