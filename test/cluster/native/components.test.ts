import { expect, test } from 'vitest';
import { nodeChildren } from '../../../src/cluster/native/components.ts';
import { nativeSpec } from '../../support/cluster/native-spec.ts';

const children = nodeChildren(nativeSpec);
const child = (name: string) => children.find((one) => one.name === name);

test('each process stands behind those that it needs', () => {
  const names = children.map(({ name }) => name);
  for (const { name, after } of children) {
    for (const need of after) expect(names.indexOf(need), `${name} after ${need}`).toBeLessThan(names.indexOf(name));
  }
});

test.each([
  ['etcd', '--data-dir=/state/dev/node/etcd'],
  ['kube-apiserver', '--service-cluster-ip-range=10.210.128.0/18'],
  ['kube-apiserver', '--advertise-address=10.210.255.2'],
  ['kube-apiserver', '--feature-gates=MutatingAdmissionPolicy=true'],
  ['kube-controller-manager', '--use-service-account-credentials=true'],
  ['kubelet', '--root-dir=/state/dev/node/kubelet'],
  ['kubelet', '--hostname-override=taskgate-dev'],
])('%s gets %s', (name, argument) => expect(child(name)?.command).toContain(argument));

test('all find iptables and its libraries, and leave temporary files in the node', () => {
  for (const { env } of children) {
    expect(env?.PATH).toMatch(/^\/tools:.*\/usr\/sbin/);
    expect(env).toMatchObject({ LD_LIBRARY_PATH: '/libs', TMPDIR: '/run/tmp' });
  }
});

test('nothing but the API server listens where the host could reach it unprotected', () => {
  for (const { command } of children) {
    for (const argument of command) expect(argument).not.toMatch(/http:\/\/(?!127\.0\.0\.1)/);
  }
});
