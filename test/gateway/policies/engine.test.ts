import { expect, test } from 'vitest';
import { applyEngine, engineObjects, removeEngine } from '../../../src/gateway/policies/engine.ts';
import { fakeKube } from '../../fakes/kube.ts';

const spec = { instance: 'dev', image: 'r.io/kube-router:v2', serviceCidr: '10.97.0.0/16' };
const kinds = [
  ...['v1/ServiceAccount', 'apps/v1/DaemonSet'],
  ...['ClusterRole', 'ClusterRoleBinding'].map((kind) => `rbac.authorization.k8s.io/v1/${kind}`),
];
const text = JSON.stringify(engineObjects(spec));

test('it only reads in the cluster, and no Secret', () => {
  const verbs = [...text.matchAll(/"verbs":(\[[^\]]*\])/g)].map(([, list = '']) => list);
  expect(new Set(verbs)).toEqual(new Set(['["get","list","watch"]']));
  expect(text).not.toContain('secrets');
  expect(text).not.toContain('"*"');
});

test('it changes the packet filter of its node, and has no other privilege', () => {
  expect(text).not.toContain('"privileged":true');
  expect(text).toContain('"capabilities":{"drop":["ALL"],"add":["NET_ADMIN","NET_RAW"]}');
  expect(text).toContain('"--run-firewall=true","--run-router=false","--run-service-proxy=false"');
  expect(text).toContain('"--service-cluster-ip-range=10.97.0.0/16"');
  // its health page would be on all addresses of the node
  expect(text).toContain('"--health-port=0"');
});

test('it goes as it came, its account last', async () => {
  const fake = fakeKube({ kinds });
  await applyEngine(fake.kube, spec);
  expect(fake.objects().every(({ metadata }) => metadata.labels?.['taskgate.dev/instance'] === 'dev')).toBe(true);
  expect(await removeEngine(fake.kube, 'dev')).toBe(true);
  expect(fake.objects()).toEqual([]);
  expect(fake.writes().slice(-4)).toEqual([
    'remove DaemonSet kube-system/taskgate-dev-policies',
    'remove ClusterRoleBinding taskgate-dev-policies',
    'remove ClusterRole taskgate-dev-policies',
    'remove ServiceAccount kube-system/taskgate-dev-policies',
  ]);
  expect(await removeEngine(fake.kube, 'dev')).toBe(false);
});
