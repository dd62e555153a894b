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
      `error ${rm}.default_aux_resource_pool: is missing, and there is no resource pool 'default'`,
      `error ${rm}.default_compute_resource_pool: there is no resource pool 'default'`,
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
      "error resource_pools[0].kubernetes_namespace: 'kubernetes_namespace' is not a key here: the master silently ignores it",
    ],
  ],
  [
    'fewer than 0 tasks',
    { resource_pools: [{ pool_name: 'default', max_aux_containers_per_agent: -1 }] },
    ['error resource_pools[0].max_aux_containers_per_agent: -1 is less than 0'],
  ],
];

const fileRows: readonly Row[] = [
  ['no resource manager', { [rm]: undefined }, [`error ${rm}: is missing: the master then silently uses agents`]],
  [
    'old schema',
    { scheduler: { type: 'fair_share' } },
    ['error scheduler: belongs to the old schema and cannot be combined with resource_manager'],
  ],
  ['port 0', { port: 0 }, ['error port: 0 is not in 1-65535']],
  ['db.port as a number', { 'db.port': 5432 }, []],
  ['db.port as a word', { 'db.port': 'pg' }, ["error db.port: 'pg' is not in 1-65535"]],
  [
    'log level',
    { 'log.level': 'loud' },
    [`error log.level: 'loud' is not one of trace, debug, info, warn, warning, error, fatal, panic`],
  ],
  ['half a certificate', { 'security.tls.cert': '/x.pem' }, ['error security.tls: has a cert but no key']],
  [
    '$ in a secret',
    { 'security.initial_user_password': 'a$bc' },
    ['warning security.initial_user_password: has a $ that looks like a variable; the master does not expand it'],
  ],
  ['$ in a hook', { 'task_container_defaults.startup_hook': 'echo $HOME' }, []],
  [
    '$ in a path',
    { 'cache.cache_dir': '${HOME}/x' },
    ["error cache.cache_dir: ${HOME} is not expanded in '${HOME}/x'"],
  ],
  ['image for each slot type', { 'task_container_defaults.image': { cpu: 'a', cuda: 'b' } }, []],
  ['agents only', { [rm]: { type: 'agent' } }, []],
  ['agents and a cluster', { [rm]: { type: 'agent', cluster_name: 'here' }, ...one() }, []],
];

test.each([12345678, 1.5, true])('a password that is no string is not shown: %s', (password) => {
  const problems = judge({ 'security.initial_user_password': password });
  expect(problems).toEqual([expect.stringMatching(/must be a string, is a (int|float|bool)$/)]);
});

test.each([...additionalRows, ...poolRows, ...fileRows])('file: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
