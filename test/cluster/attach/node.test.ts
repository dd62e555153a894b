import { expect, test } from 'vitest';
import { chooseNode, findCandidates } from '../../../src/cluster/attach/node.ts';
import { makeNode } from '../../support/cluster/attached-node.ts';

const taint = (effect: string) => ({ taints: [{ key: 'node-role.kubernetes.io/control-plane', effect }] });

test('pods run on nodes that are Ready, schedulable and without taints', () => {
  const nodes = [
    makeNode({ name: 'down', ready: 'Unknown' }),
    makeNode({ name: 'cordoned', spec: { unschedulable: true } }),
    makeNode({ name: 'control-plane', spec: taint('NoSchedule') }),
    makeNode({ name: 'worker', address: '10.0.0.3' }),
    makeNode({ name: 'spare', address: '10.0.0.4', spec: taint('PreferNoSchedule') }),
  ];
  expect(findCandidates(nodes)).toEqual([
    { name: 'worker', address: '10.0.0.3' },
    { name: 'spare', address: '10.0.0.4' },
  ]);
});

test.each([
  ['none at all', [], 'it has no nodes'],
  ['one that is down', [makeNode({ ready: 'False' })], 'one is not Ready'],
  ['one that is cordoned', [makeNode({ spec: { unschedulable: true } })], 'one is cordoned'],
  ['one for others', [makeNode({ spec: taint('NoExecute') })], 'one is tainted node-role.kubernetes.io/control-plane'],
  ['one without an address', [makeNode({ address: '' })], 'one has no InternalIP'],
  [
    'two, each for its reason',
    [makeNode({ ready: 'False' }), makeNode({ name: 'two', spec: { unschedulable: true } })],
    'one is not Ready, two is cordoned',
  ],
])('refuses a cluster that has %s', (_, nodes, why) => {
  expect(() => findCandidates(nodes)).toThrow(
    expect.objectContaining({
      id: 'cluster.no-node',
      message: `no node of the cluster can run pods: ${why}`,
      hint: expect.stringContaining('kubectl describe nodes'),
    }),
  );
});

const none = { name: 'none', address: '10.0.0.1', route: undefined };
const byDefault = { name: 'default', address: '10.0.0.2', route: { source: '192.0.2.2', isSpecific: false } };
const specific = { name: 'specific', address: '10.0.0.3', route: { source: '10.0.0.254', isSpecific: true } };

test.each([
  ['a route of its own before the default one', [none, byDefault, specific], 'specific'],
  ['the default one before none', [none, byDefault], 'default'],
  ['the first of equals', [specific, { ...specific, name: 'other' }], 'specific'],
  ['any when there is no route', [none], 'none'],
] as const)('prefers %s', (_, [first, ...more], name) => {
  expect(chooseNode([first, ...more]).name).toBe(name);
});
