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
  // a master that watches without an event dies of a 410: docs/determined.md
  ['kube-apiserver', '--watch-cache-sizes=pods#0,nodes#0'],
  ['kube-apiserver', '--etcd-compaction-interval=0'],
  ['kube-apiserver', '--min-request-timeout=31536000'],
  ['etcd', '--auto-compaction-mode=revision'],
  ['etcd', '--auto-compaction-retention=50000'],
  ['etcd', '--quota-backend-bytes=8589934592'],
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

const engine = { kubeRouter: '/bin/kube-router', path: ['/ipset'], libraries: ['/ipset-libs'] };

test('the engine of network policies is a ninth process where it is wanted, and only filters', () => {
  expect(children.map(({ name }) => name)).not.toContain('kube-router');
  const ninth = nodeChildren({ ...nativeSpec, policyEngine: engine }).at(-1);
  expect(ninth).toMatchObject({ name: 'kube-router', probe: { kind: 'running' } });
  for (const argument of [
    ...['--run-firewall=true', '--run-router=false', '--run-service-proxy=false', '--health-port=0'],
    ...['--service-cluster-ip-range=10.210.128.0/18', '--hostname-override=taskgate-dev'],
  ]) {
    expect(ninth?.command).toContain(argument);
  }
  expect(ninth?.env).toMatchObject({ LD_LIBRARY_PATH: '/libs:/ipset-libs', TMPDIR: '/run/tmp' });
  expect(ninth?.env?.PATH).toMatch(/^\/ipset:\/tools:.*\/usr\/sbin/);
});

test('nothing but the API server listens where the host could reach it unprotected', () => {
  for (const { command } of children) {
    for (const argument of command) expect(argument).not.toMatch(/http:\/\/(?!127\.0\.0\.1)/);
  }
});
