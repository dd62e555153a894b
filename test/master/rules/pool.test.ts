import { expect, test } from 'vitest';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { additional, judge, masterText } from '../../support/master/sample.ts';

const rm = 'resource_manager';

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];

const missing = (...kinds: readonly string[]) =>
  kinds.map((kind) => `warning ${rm}.default_${kind}_resource_pool: there is no resource pool 'default'`);

const poolRows: readonly Row[] = [
  ['no pools', { resource_pools: undefined }, []],
  ['0 tasks', { resource_pools: [{ pool_name: 'default', max_aux_containers_per_agent: 0 }] }, []],
  [
    'fewer than 0 tasks on CPUs',
    { resource_pools: [{ pool_name: 'default', max_cpu_containers_per_agent: -1 }] },
    ['error resource_pools[0].max_cpu_containers_per_agent: -1 is less than 0'],
  ],
  [
    'two without a name',
    { resource_pools: [{ pool_name: 'default' }, { description: 'x' }, { description: 'x' }] },
    ['error resource_pools[1]: pool_name is missing', 'error resource_pools[2]: pool_name is missing'],
  ],
  [
    'without defaults by mistake',
    { resource_pools: [{ pool_name: 'other' }], [`${rm}.no_default_resource_pools`]: false },
    missing('aux', 'compute'),
  ],
  [
    'another than the default',
    { resource_pools: [{ pool_name: 'default' }], [`${rm}.default_aux_resource_pool`]: 'other' },
    [`warning ${rm}.default_aux_resource_pool: there is no resource pool 'other'`],
  ],
  [
    'the default, which is empty',
    { resource_pools: [{ pool_name: 'default' }], [`${rm}.default_aux_resource_pool`]: '' },
    [],
  ],
  [
    'a variable as default',
    { [`${rm}.default_aux_resource_pool`]: '$POOL' },
    [`error ${rm}.default_aux_resource_pool: $POOL is not expanded in '$POOL'`],
  ],
  [
    'the name that the root has without pools',
    {
      resource_pools: undefined,
      additional_resource_managers: [additional({ 'resource_pools.0.pool_name': 'default' })],
    },
    ["error additional_resource_managers[0].resource_pools[0].pool_name: 'default' is the name of another pool"],
  ],
  [
    'an additional manager with an empty list',
    { additional_resource_managers: [additional({ resource_pools: [] })] },
    [
      'error additional_resource_managers[0].resource_pools: is empty',
      'error additional_resource_managers[0].resource_pools: is missing: an additional resource manager needs at least one pool',
    ],
  ],
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

test('the pools that there are are named', () => {
  const text = masterText({ resource_pools: [{ pool_name: 'a' }, { pool_name: 'b' }] });
  expect(validateMasterConfig(text).map(({ hint }) => hint)).toEqual(['name one of: a, b', 'name one of: a, b']);
});
