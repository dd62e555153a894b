/** The rules of resource managers and pools (docs/determined.md, How the file is read), each with the place that the master names. */
import { type Fields, isFields, itemsOf } from '../../../../../src/lib/json.ts';

const namePattern = /^[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$/;
const [lowest, highest, longest] = [1025, 65_535, 63];

const textAt = (fields: Fields, key: string): string => (typeof fields[key] === 'string' ? fields[key] : '');

const nameFaults = (block: Fields, key: string): readonly string[] => {
  const value = textAt(block, key);
  if (!value) return [`invalid ${key}:  must be non-empty`];
  return [
    ...(value.length > longest ? [`invalid ${key}: ${value.length} is not less than or equal to ${longest}`] : []),
    ...(namePattern.test(value) ? [] : [`invalid ${key}: ${value} doesn't match regex ${namePattern.source}`]),
  ];
};

const portFaults = (key: string, port: number): readonly string[] => [
  ...(port < lowest ? [`invalid ${key}: ${port} is not greater than or equal to ${lowest}`] : []),
  ...(port > highest ? [`invalid ${key}: ${port} is not less than or equal to ${highest}`] : []),
];

const gatewayFaults = (block: Fields): readonly string[] => {
  const at = (key: string, otherwise: number) => (typeof block[key] === 'number' ? block[key] : otherwise);
  const [start, end] = [at('gateway_port_range_start', 32_768), at('gateway_port_range_end', 65_535)];
  return [
    ...nameFaults(block, 'gateway_name'),
    ...nameFaults(block, 'gateway_namespace'),
    ...(textAt(block, 'gateway_ip') ? [] : ['invalid gateway_ip:  must be non-empty']),
    ...portFaults('gateway_port_range_start', start),
    ...portFaults('gateway_port_range_end', end),
    // equal is refused, too, whatever the text says
    ...(start >= end ? ['gateway_port_range_start must be less than or equal to gateway_port_range_end'] : []),
  ];
};

const slotTypes = ['cpu', 'cuda', 'gpu', 'rocm'];

const slotFaults = (manager: Fields): readonly string[] => {
  const type = textAt(manager, 'slot_type') || 'cuda';
  if (!slotTypes.includes(type)) return [`slot_type must be either cuda or cpu: ${type} is not in [cuda cpu rocm]`];
  if (type === 'rocm') return ['rocm slot_type is not supported yet on k8s'];
  const requests = isFields(manager.slot_resource_requests) ? manager.slot_resource_requests : {};
  const cpu = typeof requests.cpu === 'number' ? requests.cpu : 0;
  return type === 'cpu' && cpu <= 0 ? [`slot_resource_requests.cpu must be > 0: ${cpu} is not greater than 0`] : [];
};

const managerFaults = (manager: Fields, place: string, isAdditional: boolean): readonly string[] => {
  if (manager.type !== 'kubernetes') return [];
  const here = `${place}.KubernetesRM`;
  const block = manager.internal_task_gateway;
  return [
    ...(isFields(block) ? gatewayFaults(block).map((fault) => `${here}.InternalTaskGateway: ${fault}`) : []),
    ...slotFaults(manager).map((fault) => `${here}: ${fault}`),
    ...(isAdditional && !textAt(manager, 'cluster_name')
      ? [`${here}: cluster_name is required:  must be non-empty`]
      : []),
  ];
};

/** The master checks these twice, and says so twice. */
const twice = (fault: string): readonly string[] => [`root: ${fault}`, `root.ResourceConfig: ${fault}`];

const repeated = (names: readonly string[]): readonly string[] =>
  names.filter((name, index) => names.indexOf(name) < index);

const poolNames = (pools: unknown): readonly string[] =>
  Array.isArray(pools) ? pools.filter(isFields).map((pool) => textAt(pool, 'pool_name')) : ['default'];

const slotCountFault = (managers: readonly Fields[], fields: Fields): string | undefined => {
  const defaults = isFields(fields.task_container_defaults) ? fields.task_container_defaults : {};
  const inTasks = isFields(defaults.kubernetes) && defaults.kubernetes.max_slots_per_pod !== undefined;
  for (const manager of managers.filter(({ type }) => type === 'kubernetes')) {
    const given = manager.max_slots_per_pod;
    if (managers.length === 1 && (given !== undefined) === inTasks) {
      return 'must provide exactly one of resource_manager.max_slots_per_pod and task_container_defaults.kubernetes.max_slots_per_pod';
    }
    if (managers.length > 1 && given === undefined) return 'must provide resource_manager.max_slots_per_pod';
    if (typeof given === 'number' && given < 0) return `max_slots_per_pod must be >= 0 got ${given}`;
  }
  return undefined;
};

/** All faults of resource managers and pools. Throws an Error for those by which the master ends before it checks the rest. */
export const resourceFaults = (fields: Fields, additional: readonly Fields[]): readonly string[] => {
  const managerIn = (one: Fields): Fields => (isFields(one.resource_manager) ? one.resource_manager : {});
  const managers = [managerIn(fields), ...additional.map(managerIn)];
  const slotCount = slotCountFault(managers, fields);
  if (slotCount) throw new Error(slotCount);
  const clusters = managers.map((one) => textAt(one, 'cluster_name') || textAt(one, 'name') || 'default');
  const pools = [fields, ...additional].flatMap((one) => poolNames(one.resource_pools));
  const isPoolless = [fields, ...additional].some(
    (one) => Array.isArray(one.resource_pools) && itemsOf(one.resource_pools).length === 0,
  );
  return [
    ...managerFaults(managerIn(fields), 'root.ResourceConfig.RootManagerInternal', false),
    ...additional.flatMap((one, index) =>
      managerFaults(
        managerIn(one),
        `root.ResourceConfig.AdditionalResourceManagersInternal[${index}].ResourceManager`,
        true,
      ),
    ),
    ...(isPoolless ? twice('for additional_resource_managers, you must specify at least one resource pool') : []),
    ...repeated(pools).flatMap((name) => twice(`1 resource pool has a duplicate name: ${name}`)),
    ...clusters.flatMap((name, index) =>
      clusters.indexOf(name) < index ? twice(`resource manager at index ${index} has a duplicate name: ${name}`) : [],
    ),
  ];
};
