import { expect, test } from 'vitest';
import { additional, judge } from './sample.ts';

const rm = 'resource_manager';
const gateway = `${rm}.internal_task_gateway`;
const second = 'additional_resource_managers[0]';

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];
const one = (changes: Readonly<Record<string, unknown>> = {}) => ({
  additional_resource_managers: [additional(changes)],
});

const gatewayRows: readonly Row[] = [
  ...['gateway.example', 'fd00::1', '10.0.0.1', 'Host-1'].map(
    (host): Row => [host, { [`${gateway}.gateway_ip`]: host }, []],
  ),
  ...(
    [
      ['http://10.0.0.1', 'is a URL, not a host'],
      ['10.0.0.1:80', 'has a port'],
      ['0.0.0.0', 'is an address to listen on, not to dial'],
      ['10.0.0', 'is not an IP address'],
      ['my_host', 'is neither an IP address nor a host name'],
      [' 10.0.0.1', 'is blank or has blanks around it'],
    ] as const
  ).map(
    ([host, why]): Row => [
      `gateway_ip ${host}`,
      { [`${gateway}.gateway_ip`]: host },
      [`error ${gateway}.gateway_ip: '${host}' ${why}`],
    ],
  ),
  ['a dot in the name', { [`${gateway}.gateway_name`]: 'my.gateway' }, []],
  [
    'a dot in the namespace',
    { [`${gateway}.gateway_namespace`]: 'my.space' },
    [`error ${gateway}.gateway_namespace: 'my.space' cannot be a namespace: only a-z, 0-9 and '-'`],
  ],
  [
    'no block',
    { [gateway]: undefined },
    [`warning ${gateway}: is missing: tasks of this resource manager are not exposed`],
  ],
];

const managerRows: readonly Row[] = [
  ['no cluster_name', { [`${rm}.cluster_name`]: undefined }, []],
  ['name', { [`${rm}.name`]: 'old' }, [`warning ${rm}.name: is deprecated`]],
  ['fluent', { [`${rm}.fluent`]: { uid: 1 } }, [`warning ${rm}.fluent: has no effect any more`]],
  [
    'leave_kubernetes_resources',
    { [`${rm}.leave_kubernetes_resources`]: true },
    [`warning ${rm}.leave_kubernetes_resources: has no effect any more`],
  ],
  [
    'relative kubeconfig',
    { [`${rm}.kubeconfig_path`]: 'kube.conf' },
    [`warning ${rm}.kubeconfig_path: 'kube.conf' is relative to where the master is started`],
  ],
  ['kubeconfig in the home', { [`${rm}.kubeconfig_path`]: '~/.kube/config' }, []],
  [
    'no kubeconfig',
    { [`${rm}.kubeconfig_path`]: undefined },
    [`warning ${rm}.kubeconfig_path: is missing: the master must then run in the cluster itself`],
  ],
  [
    'slot_type tpu',
    { [`${rm}.slot_type`]: 'tpu' },
    [`error ${rm}.slot_type: 'tpu' is not one of cpu, cuda, gpu, rocm`],
  ],
  ['slot_type rocm', { [`${rm}.slot_type`]: 'rocm' }, []],
  [
    'cpu slots without cpu',
    { [`${rm}.slot_resource_requests`]: undefined },
    [`error ${rm}.slot_resource_requests.cpu: must be greater than 0 with slot_type: cpu`],
  ],
  [
    'cpu slots of 0',
    { [`${rm}.slot_resource_requests.cpu`]: 0 },
    [`error ${rm}.slot_resource_requests.cpu: must be greater than 0 with slot_type: cpu`],
  ],
  ['half a cpu', { [`${rm}.slot_resource_requests.cpu`]: 0.5 }, []],
  [
    'priority scheduler',
    { [`${rm}.default_scheduler`]: 'priority' },
    [`error ${rm}.default_scheduler: 'priority' is not one of coscheduler`],
  ],
  ['coscheduler', { [`${rm}.default_scheduler`]: 'coscheduler' }, []],
  [
    'bad namespace',
    { [`${rm}.default_namespace`]: 'Team' },
    [`error ${rm}.default_namespace: 'Team' cannot be a namespace: only a-z, 0-9 and '-'`],
  ],
];

const addressRows: readonly Row[] = [
  [
    'host localhost',
    { [`${rm}.determined_master_host`]: 'localhost' },
    [`error ${rm}.determined_master_host: 'localhost' is the pod itself, seen from a pod`],
  ],
  [
    'host with scheme',
    { [`${rm}.determined_master_host`]: 'https://x.example' },
    [`error ${rm}.determined_master_host: 'https://x.example' is a URL, not a host`],
  ],
  [
    'no port',
    { [`${rm}.determined_master_port`]: undefined },
    [`error ${rm}.determined_master_port: is missing: without it the master ignores determined_master_host`],
  ],
  ['port 0', { [`${rm}.determined_master_port`]: 0 }, [`error ${rm}.determined_master_port: 0 is not in 1-65535`]],
  [
    'no scheme',
    { [`${rm}.determined_master_scheme`]: undefined },
    [
      `warning ${rm}.determined_master_scheme: is missing: it follows the master's own TLS, which is wrong behind a tunnel that ends TLS`,
    ],
  ],
  [
    'old name',
    { [`${rm}.determined_master_host`]: undefined, [`${rm}.determined_master_ip`]: '10.0.0.9' },
    [`warning ${rm}.determined_master_ip: was renamed`],
  ],
  [
    'both names',
    { [`${rm}.determined_master_ip`]: '10.0.0.9' },
    [
      `error ${rm}.determined_master_host: stands beside determined_master_ip; the master takes only one of them`,
      `warning ${rm}.determined_master_ip: was renamed`,
    ],
  ],
  [
    'a Service instead',
    Object.fromEntries([
      ...['host', 'port', 'scheme'].map((key) => [`${rm}.determined_master_${key}`, undefined]),
      [`${rm}.master_service_name`, 'master'],
    ]),
    [],
  ],
  [
    'old name in an additional one',
    one({ [`${rm}.determined_master_host`]: undefined, [`${rm}.determined_master_ip`]: '10.0.0.9' }),
    [
      `error ${second}.${rm}.determined_master_ip: does not work for an additional resource manager`,
      `warning ${second}.${rm}.determined_master_ip: was renamed`,
    ],
  ],
];

const slots = 'max_slots_per_pod';
const taskSlots = `task_container_defaults.kubernetes.${slots}`;
const slotRows: readonly Row[] = [
  ['0 slots', { [`${rm}.${slots}`]: 0 }, []],
  ['-1 slots', { [`${rm}.${slots}`]: -1 }, [`error ${rm}.${slots}: -1 is less than 0`]],
  ['slots twice', { [taskSlots]: 1 }, [`error ${rm}.${slots}: give exactly one of it and ${taskSlots}, not both`]],
  [
    'slots nowhere',
    { [`${rm}.${slots}`]: undefined },
    [`error ${rm}.${slots}: give exactly one of it and ${taskSlots}, there is neither`],
  ],
  ['slots for tasks', { [`${rm}.${slots}`]: undefined, [taskSlots]: 2 }, []],
  ['-2 slots for tasks', { [`${rm}.${slots}`]: undefined, [taskSlots]: -2 }, [`error ${taskSlots}: -2 is less than 0`]],
  [
    'slots missing in one of two',
    one({ [`${rm}.${slots}`]: undefined }),
    [`error ${second}.${rm}.${slots}: is missing: with several resource managers each needs its own`],
  ],
  [
    'slots for tasks beside two',
    { ...one(), [taskSlots]: 1 },
    [`warning ${taskSlots}: is ignored when there are several resource managers`],
  ],
];

const additionalRows: readonly Row[] = [
  ['good', one(), []],
  [
    'only name',
    one({ [`${rm}.cluster_name`]: undefined, [`${rm}.name`]: 'second' }),
    [
      `error ${second}.${rm}.cluster_name: is missing: an additional resource manager needs it`,
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
    [`warning ${second}.${rm}.default_namespace: namespace default is used by the resource manager on line 18 too`],
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
  ['no resource manager', { [rm]: undefined }, [`error ${rm}: is missing: the master silently falls back to agents`]],
  [
    'old schema',
    { scheduler: { type: 'fair_share' } },
    ['error scheduler: belongs to the old schema, not beside resource_manager'],
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
    ['warning security.initial_user_password: has a $ that looks like a variable; the master takes it as it is'],
  ],
  ['$ in a hook', { 'task_container_defaults.startup_hook': 'echo $HOME' }, []],
  ['$ in a path', { 'cache.cache_dir': '${HOME}/x' }, ["error cache.cache_dir: ${HOME} is left in '${HOME}/x'"]],
  ['image for each slot type', { 'task_container_defaults.image': { cpu: 'a', cuda: 'b' } }, []],
  ['agents only', { [rm]: { type: 'agent' } }, []],
  ['agents and a cluster', { [rm]: { type: 'agent', cluster_name: 'here' }, ...one() }, []],
];

test.each([
  ...gatewayRows,
  ...managerRows,
  ...addressRows,
  ...slotRows,
])('resource manager: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});

test.each([...additionalRows, ...poolRows, ...fileRows])('file: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
