import { expect, test } from 'vitest';
import { judge } from '../../support/master/sample.ts';

const rm = 'resource_manager';

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];

const poolRows: readonly Row[] = [
  ['no pools', { resource_pools: undefined }, []],
  [
    'two of one name',
    { resource_pools: [{ pool_name: 'default' }, { pool_name: 'default' }] },
    ["error resource_pools[1].pool_name: 'default' is the name of another pool"],
  ],
  [
    'without a name',
    { resource_pools: [{ pool_name: 'default' }, { description: 'x' }] },
    ['error resource_pools[1]: pool_name is missing'],
  ],
  [
    'another than default',
    { resource_pools: [{ pool_name: 'other' }], [`${rm}.default_aux_resource_pool`]: undefined },
    [
      `warning ${rm}.default_aux_resource_pool: is missing, and there is no resource pool 'default'`,
      `warning ${rm}.default_compute_resource_pool: there is no resource pool 'default'`,
    ],
  ],
  [
    'without defaults on purpose',
    { resource_pools: [{ pool_name: 'other' }], [`${rm}.no_default_resource_pools`]: true },
    [],
  ],
  [
    'kubernetes_namespace',
    { resource_pools: [{ pool_name: 'default', kubernetes_namespace: 'x' }] },
    [
      "warning resource_pools[0].kubernetes_namespace: 'kubernetes_namespace' is not a key here: the master silently ignores it",
    ],
  ],
  [
    'fewer than 0 tasks',
    { resource_pools: [{ pool_name: 'default', max_aux_containers_per_agent: -1 }] },
    ['error resource_pools[0].max_aux_containers_per_agent: -1 is less than 0'],
  ],
];

test.each(poolRows)('resource pools: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
