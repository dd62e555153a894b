import { expect, test } from 'vitest';
import { additional, judge } from '../../support/master/sample.ts';

const gateway = 'resource_manager.internal_task_gateway';
const where = `error additional_resource_managers[0].${gateway}`;

/** A second Gateway at the address of the first. */
const beside = (start: number | undefined, end: number | undefined) => ({
  additional_resource_managers: [
    additional({
      [`${gateway}.gateway_name`]: 'other',
      [`${gateway}.gateway_ip`]: '192.168.49.2',
      [`${gateway}.gateway_port_range_start`]: start,
      [`${gateway}.gateway_port_range_end`]: end,
    }),
  ],
});

test.each([
  ['one port in common', 20199, 20300],
  ['one within the other', 20050, 20060],
])('two Gateways at one address: %s', (_, start, end) => {
  expect(judge(beside(start, end))).toEqual([
    `${where}.gateway_port_range_start: ports ${start}-${end} of 192.168.49.2 overlap those of the resource manager on line 18`,
  ]);
});

test('two Gateways at one address with ports of their own', () => {
  expect(judge(beside(20200, 20300))).toEqual([]);
});

test('a range that is left out counts as the default', () => {
  const problems = judge(beside(20200, undefined)).filter((problem) => problem.startsWith('error'));
  expect(problems).toEqual([]);
  const both = { ...beside(undefined, undefined), [`${gateway}.gateway_port_range_end`]: 32768 };
  expect(judge(both)).toContain(
    `${where}.gateway_port_range_start: ports 32768-65535 of 192.168.49.2 overlap those of the resource manager on line 18`,
  );
});

test('without addresses there is nothing to compare', () => {
  const empty = { [`${gateway}.gateway_ip`]: '' };
  const other = additional({ ...empty, [`${gateway}.gateway_name`]: 'other' });
  const problems = judge({ ...empty, additional_resource_managers: [other] });
  expect(problems.filter((problem) => problem.includes('overlap'))).toEqual([]);
});

const rm = 'resource_manager';
const second = 'additional_resource_managers[0]';
const own = '/home/me/.local/state/taskgate/dev/kubeconfig';
const both = (changes: Readonly<Record<string, unknown>>) =>
  judge({ additional_resource_managers: [additional(changes)] });

test('a range that ends before the other begins', () => {
  expect(judge(beside(19000, 19999))).toEqual([]);
  expect(judge(beside(19000, 20000))).toEqual([
    `${where}.gateway_port_range_start: ports 19000-20000 of 192.168.49.2 overlap those of the resource manager on line 18`,
  ]);
});

test.each([
  ['another name', { [`${gateway}.gateway_name`]: 'other' }],
  ['another namespace', { [`${gateway}.gateway_namespace`]: 'other' }],
  ['no Gateway', { [gateway]: {} }],
])('in one cluster, a Gateway with %s is another', (_, changes) => {
  const found = both({ [`${rm}.kubeconfig_path`]: own, ...changes });
  expect(found.filter((problem) => problem.includes('already belongs'))).toEqual([]);
});

test('in one cluster, one Gateway is one, by whatever address', () => {
  expect(both({ [`${rm}.kubeconfig_path`]: own })).toEqual([
    `${where}.gateway_name: Gateway projectcontour/contour already belongs to the resource manager on line 18`,
  ]);
});

test.each([
  ['of another cluster', { [`${rm}.default_namespace`]: 'default' }, []],
  ['of the default', { [`${rm}.default_namespace`]: undefined, [`${rm}.kubeconfig_path`]: own }, ['default']],
  ['of its own', { [`${rm}.kubeconfig_path`]: own }, []],
])('a namespace %s', (_, changes, shared) => {
  expect(both({ [`${gateway}.gateway_name`]: 'other', ...changes })).toEqual(
    shared.map(
      (name) =>
        `warning ${second}.${rm}.default_namespace: namespace ${name} is also used by the resource manager on line 18`,
    ),
  );
});

test('each pair is compared, not only with the first', () => {
  const named = (name: string) => additional({ [`${rm}.cluster_name`]: name, 'resource_pools.0.pool_name': name });
  const found = judge({ additional_resource_managers: [named('second'), named('third')] });
  expect(found.toSorted()).toEqual([
    expect.stringMatching(/^error \S+\[1\]\.\S+gateway_name: Gateway projectcontour\/contour already belongs to/),
    expect.stringMatching(/^warning \S+\[1\]\.\S+default_namespace: namespace team is also used by/),
  ]);
});

test('resource managers of one cluster that have no Gateway share none', () => {
  const second = additional({ [`${rm}.kubeconfig_path`]: own, [gateway]: undefined });
  expect(judge({ [gateway]: undefined, additional_resource_managers: [second] })).toEqual([
    expect.stringContaining('is missing: tasks of this resource manager are not exposed'),
    expect.stringContaining('is missing: tasks of this resource manager are not exposed'),
  ]);
});
