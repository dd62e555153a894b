import { findNumber, findString } from '../schema/document.ts';
import { judgeName } from './gateway.ts';
import { masterAddressRules } from './master-address.ts';
import { has, isGiven, type Manager, type ManagerScope, oneOf, type Rule } from './rule.ts';

type ManagerRule = Rule<ManagerScope>;

const types: readonly string[] = ['agent', 'kubernetes', 'slurm', 'pbs'];
const slotTypes: readonly string[] = ['cpu', 'cuda', 'gpu', 'rocm'];
const maxSlots = 'max_slots_per_pod';
const taskMaxSlots = 'task_container_defaults.kubernetes.max_slots_per_pod';

/** The master's name for the cluster of a resource manager. */
export const clusterNameOf = ({ block }: Manager): string =>
  findString(block, 'cluster_name') || findString(block, 'name') || 'default';

const nameRules: readonly ManagerRule[] = [
  {
    key: 'type',
    check: ({ block, isRoot }) => {
      if (!isGiven(block, 'type')) return 'is missing: the master then assumes an agent resource manager';
      return oneOf(findString(block, 'type'), isRoot ? types : ['kubernetes']);
    },
    hint: 'write type: kubernetes',
  },
  {
    key: 'cluster_name',
    check: ({ block, isRoot }) =>
      !isRoot && !findString(block, 'cluster_name') && 'is missing: an additional resource manager requires it',
    hint: 'write a unique cluster_name; name alone is not enough',
  },
  {
    key: 'name',
    severity: 'warning',
    check: ({ block }) => has(block, 'name') && 'is deprecated',
    hint: 'write only cluster_name',
  },
  ...['leave_kubernetes_resources', 'fluent'].map(
    (key): ManagerRule => ({
      key,
      severity: 'warning',
      check: ({ block }) => has(block, key) && 'no longer has an effect',
      hint: 'remove it',
    }),
  ),
  {
    key: 'default_namespace',
    check: ({ block }) => {
      const name = findString(block, 'default_namespace');
      return name !== undefined && name !== '' && !name.includes('$') && judgeName(name, true);
    },
    hint: 'write the namespace of the tasks; it must exist',
  },
  {
    key: 'kubeconfig_path',
    severity: 'warning',
    check: ({ block }) => {
      if (!isGiven(block, 'kubeconfig_path')) return 'is missing: the master must then run in the cluster';
      const path = findString(block, 'kubeconfig_path') ?? '/';
      return !/^[/~$]/.test(path) && `'${path}' is relative to the working directory of the master`;
    },
    hint: 'write the absolute path of a kubeconfig; the master uses its current-context',
  },
];

const slotRules: readonly ManagerRule[] = [
  {
    key: 'slot_type',
    check: ({ block }) => oneOf(findString(block, 'slot_type'), slotTypes),
    hint: 'write slot_type: cpu for a cluster without GPUs',
  },
  {
    key: 'slot_resource_requests.cpu',
    check: ({ block }) =>
      findString(block, 'slot_type') === 'cpu' &&
      !((findNumber(block, 'slot_resource_requests.cpu') ?? 0) > 0) &&
      'must be greater than 0 with slot_type: cpu',
    hint: 'write slot_resource_requests: {cpu: 1}',
  },
  {
    key: maxSlots,
    check: ({ block, file }) => {
      const own = has(block, maxSlots);
      const ofTasks = has(file.root, taskMaxSlots);
      if (file.managerCount > 1) return !own && 'is missing: with several resource managers, each needs its own';
      if (own === ofTasks)
        return own ? `conflicts with ${taskMaxSlots}: give only one` : `is missing, and so is ${taskMaxSlots}`;
      return false;
    },
    hint: 'write max_slots_per_pod in the resource_manager block',
  },
  {
    key: maxSlots,
    check: ({ block }) => (findNumber(block, maxSlots) ?? 0) < 0 && `${findNumber(block, maxSlots)} is less than 0`,
    hint: 'write 1 or more; 0 allows only tasks without slots',
  },
  {
    key: 'default_scheduler',
    check: ({ block }) => oneOf(findString(block, 'default_scheduler'), ['coscheduler']),
    hint: 'remove it, or write coscheduler',
  },
];

/** Rules of a Kubernetes `resource_manager` block except its gateway (KubernetesResourceManagerConfig.Validate and start). */
export const managerRules: readonly ManagerRule[] = [...nameRules, ...slotRules, ...masterAddressRules];
