import { expect, test } from 'vitest';
import { defaultCni, judgeNodes } from '../../../src/cluster/minikube/nodes.ts';

test.each([
  [[], 'bridge'],
  [['--nodes=1'], 'bridge'],
  [['-n', '1'], 'bridge'],
  [['--network=mine', '--namespace=2', '-v=5'], 'bridge'],
  [['--nodes=2'], 'kindnet'],
  [['--nodes', '3'], 'kindnet'],
  [['-n2'], 'kindnet'],
  [['-n=2'], 'kindnet'],
  [['-n', '2', '-v=1'], 'kindnet'],
  [['--nodes=3', '--nodes=1'], 'bridge'],
  [['--ha'], 'kindnet'],
] as const)('a new cluster with %j gets %s', (args, cni) => {
  expect(defaultCni(args)).toBe(cni);
});

test.each([
  [['--nodes=2', '--cni=bridge']],
  [['--cni', 'bridge', '-n', '2']],
  [['--nodes=2', '--cni=false']],
  [['--cni=calico', '--nodes=2', '--cni=bridge']],
] as const)('several nodes on the network of one are refused: %j', (args) => {
  expect(judgeNodes(args)).toEqual([
    {
      what: expect.stringMatching(
        /several nodes and --cni=(bridge|false): Minikube gives only the first node a network/,
      ),
      hint: expect.stringContaining('leave --cni away'),
    },
  ]);
});

test.each([
  [[]],
  [['--cni=bridge']],
  [['--nodes=2']],
  [['--nodes=2', '--cni=calico']],
  [['--nodes=2', '--cni=bridge', '--cni=flannel']],
  [['--nodes=2', '--cni=/home/ada/cni.yaml']],
] as const)('%j is left to the user', (args) => {
  expect(judgeNodes(args)).toEqual([]);
});
