import { expect, test } from 'vitest';
import { applyEngine, engineObjects, removeEngine } from '../../../src/gateway/policies/engine.ts';
import { fakeKube } from '../../fakes/kube.ts';

const spec = { instance: 'dev', image: 'r.io/kube-router:v2', serviceCidr: '10.97.0.0/16' };
const kinds = [
  ...['v1/ServiceAccount', 'apps/v1/DaemonSet'],
  ...['ClusterRole', 'ClusterRoleBinding'].map((kind) => `rbac.authorization.k8s.io/v1/${kind}`),
];
const labels = {
  'app.kubernetes.io/managed-by': 'taskgate',
  'app.kubernetes.io/component': 'policy-engine',
  'taskgate.dev/instance': 'dev',
};

test('it runs on each node, in the network of the node, with the lock of iptables', () => {
  const [, , , daemonSet] = engineObjects(spec);
  expect(daemonSet).toEqual({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'taskgate-dev-policies', namespace: 'kube-system', labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: 'taskgate-dev-policies',
          hostNetwork: true,
          priorityClassName: 'system-node-critical',
          tolerations: [{ operator: 'Exists' }],
          containers: [
            {
              name: 'kube-router',
              image: 'r.io/kube-router:v2',
              imagePullPolicy: 'IfNotPresent',
              args: [
                ...['--run-firewall=true', '--run-router=false', '--run-service-proxy=false'],
                ...['--service-cluster-ip-range=10.97.0.0/16', '--iptables-sync-period=1m', '--health-port=0'],
              ],
              env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
              resources: { requests: { cpu: '10m', memory: '50Mi' } },
              securityContext: {
                runAsUser: 0,
                allowPrivilegeEscalation: false,
                capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
                seccompProfile: { type: 'RuntimeDefault' },
              },
              volumeMounts: [{ name: 'xtables-lock', mountPath: '/run/xtables.lock' }],
            },
          ],
          volumes: [{ name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } }],
        },
      },
    },
  });
});

test('its account has the rights of its role', () => {
  const name = 'taskgate-dev-policies';
  const [account, role, binding] = engineObjects(spec);
  expect(account?.metadata).toEqual({ name, namespace: 'kube-system', labels });
  expect(role?.metadata).toEqual({ name, labels });
  expect(binding).toMatchObject({
    metadata: { name, labels },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }],
  });
});

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
  expect(await removeEngine(fake.kube, 'dev', 0)).toBe(true);
  expect(fake.objects()).toEqual([]);
  expect(fake.writes().slice(-4)).toEqual([
    'remove DaemonSet kube-system/taskgate-dev-policies',
    'remove ClusterRoleBinding taskgate-dev-policies',
    'remove ClusterRole taskgate-dev-policies',
    'remove ServiceAccount kube-system/taskgate-dev-policies',
  ]);
  expect(await removeEngine(fake.kube, 'dev')).toBe(false);
});
