import { expect, test } from 'vitest';
import { additional, judge } from '../../support/master/sample.ts';

const rm = 'resource_manager';
const gateway = `${rm}.internal_task_gateway`;
const second = 'additional_resource_managers[0]';

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];
const one = (changes: Readonly<Record<string, unknown>> = {}) => ({
  additional_resource_managers: [additional(changes)],
});

const additionalRows: readonly Row[] = [
  ['good', one(), []],
  [
    'only name',
    one({ [`${rm}.cluster_name`]: undefined, [`${rm}.name`]: 'second' }),
    [
      `error ${second}.${rm}.cluster_name: is missing: an additional resource manager requires it`,
      `warning ${second}.${rm}.name: is deprecated`,
    ],
  ],
  ['of type agent', one({ [`${rm}.type`]: 'agent' }), [`error ${second}.${rm}.type: 'agent' is not one of kubernetes`]],
  [
    'same cluster name',
    one({ [`${rm}.cluster_name`]: 'dev' }),
    [`error ${second}.${rm}.cluster_name: 'dev' is the name of another cluster`],
  ],
  [
    'same pool',
    one({ 'resource_pools.0.pool_name': 'default' }),
    [`error ${second}.resource_pools[0].pool_name: 'default' is the name of another pool`],
  ],
  [
    'no pools',
    one({ resource_pools: undefined }),
    [`error ${second}.resource_pools: is missing: an additional resource manager needs at least one pool`],
  ],
  [
    'pools in the block',
    one({ [`${rm}.resource_pools`]: [{ pool_name: 'x' }] }),
    [`error ${second}.${rm}.resource_pools: 'resource_pools' is not a key here: the master refuses it`],
  ],
  [
    'no block',
    { additional_resource_managers: [{ type: 'kubernetes', resource_pools: [{ pool_name: 'x' }] }] },
    [
      `error ${second}: resource_manager is missing`,
      `error ${second}.type: 'type' is not a key here: the master refuses it`,
    ],
  ],
  [
    'same namespace of the same cluster',
    one({
      [`${rm}.kubeconfig_path`]: '/home/me/.local/state/taskgate/dev/kubeconfig',
      [`${rm}.default_namespace`]: 'default',
      [`${gateway}.gateway_name`]: 'other',
    }),
    [`warning ${second}.${rm}.default_namespace: namespace default is also used by the resource manager on line 18`],
  ],
];

test.each(additionalRows)('additional resource managers: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
