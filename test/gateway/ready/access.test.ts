import { expect, test } from 'vitest';
import { inspectAccess, restrictAccess } from '../../../src/gateway/ready/access.ts';
import type { EnvoyService } from '../../../src/gateway/ready/envoy-service.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { spec } from '../../support/gateway/fixture.ts';

type Spec = NonNullable<EnvoyService['spec']>;

/** As the provisioner makes it: a node port for each listener. */
const service = (changed: Partial<Spec> = {}, managedFields: EnvoyService['metadata']['managedFields'] = []) =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'envoy-tasks', namespace: 'projectcontour', managedFields },
    spec: { type: 'LoadBalancer', ports: [{ port: 19999, nodePort: 30964 }], ...changed },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } },
  }) satisfies EnvoyService;

const byMetalLB = [
  { manager: 'speaker', subresource: 'status', fieldsV1: { 'f:status': { 'f:loadBalancer': {} } } },
] as const;

const restricted = async (before: EnvoyService, allowFrom: readonly string[] | undefined) => {
  const { kube, writes, objects } = fakeKube({ objects: [before] });
  await restrictAccess(kube, spec, before, allowFrom);
  return { writes: writes(), spec: (objects()[0] as EnvoyService).spec, kube };
};

test('only the ranges reach the address, and no node port is left beside it', async () => {
  const after = await restricted(service(), ['10.0.0.1/32']);
  expect(after.spec).toEqual({
    type: 'LoadBalancer',
    ports: [{ port: 19999 }],
    loadBalancerSourceRanges: ['10.0.0.1/32'],
    allocateLoadBalancerNodePorts: false,
  });
  expect(await inspectAccess(after.kube, spec, ['10.0.0.1/32'])).toEqual({ problems: [], nodePorts: [] });
});

test('nobody is let in by a range that no packet comes from: Kubernetes takes an empty list for everybody', async () => {
  const { spec: after } = await restricted(service(), []);
  expect(after?.loadBalancerSourceRanges).toEqual(['0.0.0.0/32']);
});

test('ranges that are no longer wanted are taken out', async () => {
  const { spec: after } = await restricted(service({ loadBalancerSourceRanges: ['10.0.0.1/32'] }), undefined);
  expect(after).not.toHaveProperty('loadBalancerSourceRanges');
});

test('the node ports of a load balancer that another controller runs stay', async () => {
  const { spec: after } = await restricted(service({}, byMetalLB), ['10.0.0.1/32']);
  expect(after?.ports).toEqual([{ port: 19999, nodePort: 30964 }]);
  expect(after?.allocateLoadBalancerNodePorts).toBeUndefined();
  expect(after?.loadBalancerSourceRanges).toEqual(['10.0.0.1/32']);
});

test('where all are let in node ports stay: the load balancer of a cloud that needs them may be on its way', async () => {
  const { writes, kube } = await restricted(service(), undefined);
  expect(writes).toEqual([]);
  expect(await inspectAccess(kube, spec, undefined)).toEqual({ problems: [], nodePorts: [30964] });
});

test('the Service of somebody else is not called limited', async () => {
  const { kube } = fakeKube({ objects: [service()] });
  const left = { ...kube, patch: async () => service() as never };
  expect(await restrictAccess(left, spec, service(), ['10.0.0.1/32'])).toBe(false);
});

test('nothing is written the second time', async () => {
  const ports = [{ port: 19999 }];
  const before = service({ ports, loadBalancerSourceRanges: ['10.0.0.1/32'], allocateLoadBalancerNodePorts: false });
  expect((await restricted(before, ['10.0.0.1/32'])).writes).toEqual([]);
});

test('what somebody else changed is named', async () => {
  const { kube } = fakeKube({ objects: [service({ loadBalancerSourceRanges: ['0.0.0.0/0'] })] });
  const { problems, nodePorts } = await inspectAccess(kube, spec, ['10.0.0.1/32']);
  expect(nodePorts).toEqual([30964]);
  expect(problems.map(({ id }) => id)).toEqual(['gateway.access-drift', 'gateway.access-drift']);
  expect(problems.map(({ message }) => message)).toEqual([
    'Service envoy-tasks lets in 0.0.0.0/0 instead of 10.0.0.1/32',
    'Service envoy-tasks is also open on each address of every node, port 30964',
  ]);
});

test('without a Service there is nothing to find', async () =>
  expect(await inspectAccess(fakeKube({ kinds: ['v1/Service'] }).kube, spec, undefined)).toEqual({
    problems: [],
    nodePorts: [],
  }));

const open = [{ port: 19999 }, { port: 20000, nodePort: 30964 }];

test.each([
  ['no spec', undefined, undefined, [], []],
  ['no ports', {}, undefined, [], []],
  ['ports of which one is open', { ports: open }, undefined, [], [30964]],
  [
    'ranges where all were let in',
    { loadBalancerSourceRanges: ['10.0.0.0/8', '192.0.2.0/24'] },
    undefined,
    ['lets in 10.0.0.0/8, 192.0.2.0/24 instead of every address'],
    [],
  ],
  ['no ranges', {}, ['10.0.0.1/32', '10.0.0.2/32'], ['lets in every address instead of 10.0.0.1/32, 10.0.0.2/32'], []],
  [
    'the ranges, and no port',
    { ports: [{ port: 19999 }], loadBalancerSourceRanges: ['10.0.0.1/32'] },
    ['10.0.0.1/32'],
    [],
    [],
  ],
  [
    'many open ports',
    { ports: [1, 2, 3, 4].map((nodePort) => ({ port: 19999, nodePort })), loadBalancerSourceRanges: ['10.0.0.1/32'] },
    ['10.0.0.1/32'],
    ['is also open on each address of every node, port 1, 2, 3'],
    [1, 2, 3, 4],
  ],
] as const)('what is told of a Service with %s', async (_, changed, allowFrom, told, nodePorts) => {
  const { spec: __, ...bare } = service();
  const { kube } = fakeKube({ objects: [{ ...bare, ...(changed && { spec: changed }) } as EnvoyService] });
  const hint = 'something else changed the Service; `up` limits it again';
  expect(await inspectAccess(kube, spec, allowFrom)).toEqual({
    problems: told.map((what) => ({ id: 'gateway.access-drift', message: `Service envoy-tasks ${what}`, hint })),
    nodePorts,
  });
});

test('the open ports of a load balancer that another controller runs are no drift', async () => {
  const { kube } = fakeKube({ objects: [service({ loadBalancerSourceRanges: ['10.0.0.1/32'] }, byMetalLB)] });
  expect(await inspectAccess(kube, spec, ['10.0.0.1/32'])).toEqual({ problems: [], nodePorts: [30964] });
});

test.each([
  ['limited', service(), ['10.0.0.1/32'], true],
  ['open to all, as wanted', service(), undefined, true],
  ['open to all again', service({ loadBalancerSourceRanges: ['10.0.0.1/32'] }), undefined, true],
] as const)('a Service that is %s is said to be as wanted', async (_, before, allowFrom, isRestricted) => {
  const { kube } = fakeKube({ objects: [before] });
  expect(await restrictAccess(kube, spec, before, allowFrom)).toBe(isRestricted);
});

test.each([
  ['has no node ports any more', service({ ports: [{ port: 19999 }] }), []],
  ['was given them again', service({ allocateLoadBalancerNodePorts: true }), [30964]],
])('a Service that %s meanwhile is not written again', async (_, seen, left) => {
  const { kube, writes } = fakeKube({ objects: [service()] });
  const get = async () => ({ ...seen, spec: { allocateLoadBalancerNodePorts: false, ...seen.spec } }) as never;
  expect(await restrictAccess({ ...kube, get }, spec, service(), ['10.0.0.1/32'])).toBe(true);
  expect(writes()).toEqual(['patch Service projectcontour/envoy-tasks']);
  expect(left).toEqual(seen.spec.ports.flatMap((port) => ('nodePort' in port ? [port.nodePort] : [])));
});
