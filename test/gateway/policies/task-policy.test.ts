import { describe, expect, test } from 'vitest';
import { type TaskPolicyInput, taskPolicy } from '../../../src/gateway/policies/task-policy.ts';
import { allocationLabels } from '../../../src/model/task-objects.ts';
import { makeJob } from '../../../src/proof/sample-task/manifests.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { masterAt } from '../../support/proof/local-path.ts';

const given: TaskPolicyInput = {
  instance: 'dev',
  namespace: 'team',
  gateway: { name: 'contour', namespace: 'projectcontour' },
  master: { port: 8080, ranges: ['10.210.255.1/32'] },
  egressAllow: [],
  taskToTask: false,
};
const specOf = (change: Partial<TaskPolicyInput> = {}) => taskPolicy({ ...given, ...change }).spec;

const envoy = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'projectcontour' } },
  podSelector: { matchLabels: { app: 'envoy-contour' } },
};
const tasks = { matchExpressions: [{ key: 'determined', operator: 'Exists' }] };
const dns = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
];

/** The labels of a pod of Determined 0.38.1, as its master wrote them. */
const masterLabels = (allocation: string) => ({
  determined: allocation,
  'determined.ai/allocation_id': allocation,
  'determined.ai/container_id': allocation,
  'determined.ai/resource_pool': 'default',
  'determined.ai/task_id': allocation.replace(/\.\d+$/, ''),
  'determined.ai/task_type': 'COMMAND',
  'determined.ai/user': 'admin',
  'determined.ai/workspace': 'Uncategorized',
  'determined-queue-position': '1795478661691000000000000000000000000000000000',
});

const isSelected = (labels: Readonly<Record<string, string>>): boolean =>
  specOf().podSelector.matchExpressions?.every(({ key }) => key in labels) ?? false;

describe('whom it is about', () => {
  test('the pods of a Determined master, and the sample task’s', () => {
    expect(isSelected(masterLabels('1c2d3e4f-157e-4446-9369-eeb241baf27a.1'))).toBe(true);
    const task = nameSampleTask({ instance: 'dev' }, 'team');
    const { labels } = makeJob(task, { image: 'agnhost', master: masterAt(8080) }).spec.template.metadata;
    expect(isSelected(labels)).toBe(true);
    expect(labels).toMatchObject(allocationLabels(task.allocationId));
    expect(Object.keys(labels)).toEqual(
      expect.arrayContaining(Object.keys(masterLabels('a.1')).filter((key) => key !== 'determined-queue-position')),
    );
  });

  test('no pod of Contour, Envoy or anybody else', () => {
    expect(isSelected({ app: 'envoy-contour' })).toBe(false);
    expect(isSelected({ 'taskgate.dev/instance': 'dev' })).toBe(false);
  });
});

test('default deny, both ways: in from Envoy, out to DNS and the master', () => {
  expect(taskPolicy({ ...given, dnsAddress: '10.210.255.2' })).toEqual({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: 'taskgate-dev',
      namespace: 'team',
      labels: {
        'app.kubernetes.io/managed-by': 'taskgate',
        'app.kubernetes.io/component': 'network-policy',
        'taskgate.dev/instance': 'dev',
      },
    },
    spec: {
      podSelector: tasks,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [envoy] }],
      egress: [
        { to: [{ ipBlock: { cidr: '10.210.255.2/32' } }], ports: dns },
        { to: [{ ipBlock: { cidr: '10.210.255.1/32' } }], ports: [{ protocol: 'TCP', port: 8080 }] },
      ],
    },
  });
});

test('where DNS is pods, they are named by the label of every distribution', () => {
  expect(specOf().egress[0]).toEqual({
    ports: dns,
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
      { ipBlock: { cidr: '169.254.20.10/32' } },
    ],
  });
});

test('a master whose addresses are not known may be dialed at its port alone', () => {
  expect(specOf({ master: { port: 443, ranges: undefined } }).egress[1]).toEqual({
    ports: [{ protocol: 'TCP', port: 443 }],
  });
});

test('further ranges are open outwards, on all ports', () => {
  const { ingress, egress } = specOf({ egressAllow: ['192.0.2.0/24', '198.51.100.7/32'] });
  expect(egress[2]).toEqual({
    to: [{ ipBlock: { cidr: '192.0.2.0/24' } }, { ipBlock: { cidr: '198.51.100.7/32' } }],
  });
  expect(ingress).toEqual([{ from: [envoy] }]);
});

test('tasks reach each other only where that is asked for', () => {
  expect(JSON.stringify([specOf().ingress, specOf().egress])).not.toContain('"determined"');
  const { ingress, egress } = specOf({ taskToTask: true });
  expect(ingress).toEqual([{ from: [envoy, { podSelector: tasks }] }]);
  expect(egress[2]).toEqual({ to: [{ podSelector: tasks }] });
});
