import { expect, test } from 'vitest';
import { additional, judge } from '../../support/master/sample.ts';

const rm = 'resource_manager';
const second = 'additional_resource_managers[0]';

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];
const one = (changes: Readonly<Record<string, unknown>> = {}) => ({
  additional_resource_managers: [additional(changes)],
});

const managerRows: readonly Row[] = [
  ['no cluster_name', { [`${rm}.cluster_name`]: undefined }, []],
  ['an empty cluster_name', { [`${rm}.cluster_name`]: '' }, []],
  [
    'the name that a root without one has',
    { [`${rm}.cluster_name`]: undefined, ...one({ [`${rm}.cluster_name`]: 'default' }) },
    [`error ${second}.${rm}.cluster_name: 'default' is the name of another cluster`],
  ],
  [
    'a name of old counts as that of the cluster',
    { [`${rm}.cluster_name`]: undefined, [`${rm}.name`]: 'second', ...one() },
    [
      `warning ${rm}.name: is deprecated`,
      `error ${second}.${rm}.cluster_name: 'second' is the name of another cluster`,
    ],
  ],
  [
    'cluster_name before the name of old',
    { [`${rm}.name`]: 'second', ...one() },
    [`warning ${rm}.name: is deprecated`],
  ],
  ...['slurm', 'pbs', 'agent'].map((type): Row => [`another type: ${type}`, { [rm]: { type } }, []]),
  [
    'an empty type',
    { [`${rm}.type`]: '' },
    [`error ${rm}.type: is missing: the master then assumes an agent resource manager`],
  ],
  [
    'a kubeconfig in a home that a variable names',
    { [`${rm}.kubeconfig_path`]: '$HOME/kube' },
    [`error ${rm}.kubeconfig_path: $HOME is not expanded in '$HOME/kube'`],
  ],
  [
    'a kubeconfig named by a number',
    { [`${rm}.kubeconfig_path`]: 5 },
    [`error ${rm}.kubeconfig_path: must be a string, is the number 5`],
  ],
  [
    'a kubeconfig with a slash in its name',
    { [`${rm}.kubeconfig_path`]: './kube' },
    [`warning ${rm}.kubeconfig_path: './kube' is relative to the working directory of the master`],
  ],
  ['GPU slots without cpu', { [`${rm}.slot_type`]: 'cuda', [`${rm}.slot_resource_requests`]: undefined }, []],
  ['GPU slots by another name', { [`${rm}.slot_type`]: 'gpu', [`${rm}.slot_resource_requests`]: undefined }, []],
  [
    'cpu slots below 0',
    { [`${rm}.slot_resource_requests.cpu`]: -1 },
    [`error ${rm}.slot_resource_requests.cpu: must be greater than 0 with slot_type: cpu`],
  ],
  [
    'a variable as namespace',
    { [`${rm}.default_namespace`]: '$NAMESPACE' },
    [`error ${rm}.default_namespace: $NAMESPACE is not expanded in '$NAMESPACE'`],
  ],
  ['an empty slot_type', { [`${rm}.slot_type`]: '' }, []],
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

test.each([...managerRows, ...slotRows])('resource manager: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
