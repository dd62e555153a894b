import { expect, test } from 'vitest';
import { additional, judge } from '../../support/master/sample.ts';

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
      [' 10.0.0.1', 'is blank or has surrounding blanks'],
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
  ['fluent', { [`${rm}.fluent`]: { uid: 1 } }, [`warning ${rm}.fluent: no longer has an effect`]],
  [
    'leave_kubernetes_resources',
    { [`${rm}.leave_kubernetes_resources`]: true },
    [`warning ${rm}.leave_kubernetes_resources: no longer has an effect`],
  ],
  [
    'relative kubeconfig',
    { [`${rm}.kubeconfig_path`]: 'kube.conf' },
    [`warning ${rm}.kubeconfig_path: 'kube.conf' is relative to the working directory of the master`],
  ],
  ['kubeconfig in the home', { [`${rm}.kubeconfig_path`]: '~/.kube/config' }, []],
  [
    'no kubeconfig',
    { [`${rm}.kubeconfig_path`]: undefined },
    [`warning ${rm}.kubeconfig_path: is missing: the master must then run in the cluster`],
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
    [`error ${rm}.determined_master_host: 'localhost' is the pod itself when a pod dials it`],
  ],
  [
    'host with scheme',
    { [`${rm}.determined_master_host`]: 'https://x.example' },
    [`error ${rm}.determined_master_host: 'https://x.example' is a URL, not a host`],
  ],
  [
    'no port',
    { [`${rm}.determined_master_port`]: undefined },
    [`error ${rm}.determined_master_port: is missing: the master then ignores determined_master_host`],
  ],
  ['port 0', { [`${rm}.determined_master_port`]: 0 }, [`error ${rm}.determined_master_port: 0 is not in 1-65535`]],
  [
    'no scheme',
    { [`${rm}.determined_master_scheme`]: undefined },
    [
      `warning ${rm}.determined_master_scheme: is missing: it then follows the master's own TLS, which is wrong behind a tunnel that terminates TLS`,
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
      `error ${rm}.determined_master_host: conflicts with determined_master_ip: the master accepts only one of them`,
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
  ['slots twice', { [taskSlots]: 1 }, [`error ${rm}.${slots}: conflicts with ${taskSlots}: give only one`]],
  ['slots nowhere', { [`${rm}.${slots}`]: undefined }, [`error ${rm}.${slots}: is missing, and so is ${taskSlots}`]],
  ['slots for tasks', { [`${rm}.${slots}`]: undefined, [taskSlots]: 2 }, []],
  ['-2 slots for tasks', { [`${rm}.${slots}`]: undefined, [taskSlots]: -2 }, [`error ${taskSlots}: -2 is less than 0`]],
  [
    'slots missing in one of two',
    one({ [`${rm}.${slots}`]: undefined }),
    [`error ${second}.${rm}.${slots}: is missing: with several resource managers, each needs its own`],
  ],
  [
    'slots for tasks beside two',
    { ...one(), [taskSlots]: 1 },
    [`warning ${taskSlots}: is ignored if there are several resource managers`],
  ],
];

test.each([
  ...gatewayRows,
  ...managerRows,
  ...addressRows,
  ...slotRows,
])('resource manager: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
