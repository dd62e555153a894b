import { expect, test } from 'vitest';
import { findNodeProblems } from '../../../src/commands/status/node.ts';
import type { Node } from '../../../src/lib/kube/shapes.ts';

const node = (name: string, spec: Node['spec'] = {}, status = 'True'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec,
  status: {
    conditions: [{ type: 'Ready', status, message: 'kubelet stopped', lastHeartbeatTime: '2026-01-01T00:00:00Z' }],
  },
});
const cordon = { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] };
const cluster = { kubeconfigPath: '/state/kubeconfig', nodeName: 'one' };
const hints = { look: 'look', up: 'run: taskgate up' };

test('a cordoned node is no problem while another takes new pods: traffic flows on', () => {
  expect(findNodeProblems([node('one', cordon), node('two')], { provider: 'attach', cluster }, hints)).toEqual([]);
});

test.each([
  ['there is no other', [node('one', cordon)]],
  ['the other is cordoned, too', [node('one', cordon), node('two', cordon)]],
  ['the other is not Ready', [node('one', cordon), node('two', {}, 'False')]],
])('a cordoned node is a problem where %s; the hint is uncordon and up', (_, nodes) => {
  expect(findNodeProblems(nodes, { provider: 'attach', cluster }, hints)).toEqual([
    {
      id: 'cluster.node-not-ready',
      message: 'node one: cordoned; kubectl uncordon one lets new pods run there',
      hint: 'kubectl --kubeconfig /state/kubeconfig uncordon one; then run: taskgate up',
    },
  ]);
});

test('a node that is not Ready can be replaced in an attached cluster, which up does', () => {
  const nodes = [node('one', {}, 'False'), node('two')];
  const [problem] = findNodeProblems(nodes, { provider: 'attach', cluster }, hints);
  expect(problem).toMatchObject({
    message: 'node one: kubelet stopped',
    hint: 'look; another node can take its place: run: taskgate up',
  });
  expect(findNodeProblems(nodes, { provider: 'minikube', cluster }, hints)).toMatchObject([{ hint: 'look' }]);
});

test('a cordoned node that is not Ready either is not Ready first', () => {
  expect(
    findNodeProblems([node('one', cordon, 'False'), node('two')], { provider: 'minikube', cluster }, hints),
  ).toMatchObject([{ message: 'node one: kubelet stopped', hint: 'look' }]);
});
