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
  const problems = judge({ ...empty, additional_resource_managers: [additional(empty)] });
  expect(problems.filter((problem) => problem.includes('overlap'))).toEqual([]);
});
