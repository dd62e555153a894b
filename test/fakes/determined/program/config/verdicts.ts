/** What the master refuses in its configuration, in its words as recorded: types and unknown keys first, then all rules at once. */
import { type Fields, isFields, itemsOf } from '../../../../../src/lib/json.ts';
import { resourceFaults } from './rules.ts';

const topKeys = [
  ...['config_file', 'log', 'db', 'tensorboard_timeout', 'notebook_timeout', 'security', 'checkpoint_storage'],
  ...['task_container_defaults', 'port', 'root', 'telemetry', 'enable_cors', 'launch_error', 'cluster_name', 'logging'],
  ...['retention_policy', 'observability', 'cache', 'webhooks', 'feature_switches', 'reserved_ports', '__internal'],
  ...['scim', 'saml', 'oidc', 'det_cloud', 'integrations', 'resource_manager', 'resource_pools'],
  'additional_resource_managers',
];

const managerKeys = [
  ...['type', 'name', 'cluster_name', 'default_namespace', 'kubeconfig_path', 'master_service_name', 'metadata'],
  ...['max_slots_per_pod', 'slot_type', 'slot_resource_requests', 'default_scheduler', 'fluent'],
  ...['determined_master_scheme', 'determined_master_host', 'determined_master_ip', 'determined_master_port'],
  ...['default_aux_resource_pool', 'default_compute_resource_pool', 'no_default_resource_pools', 'credentials'],
  ...['internal_task_gateway', 'leave_kubernetes_resources'],
];

const unmarshal = (words: string): Error =>
  new Error(`error unmarshaling JSON: while decoding JSON: json: ${words}\ncannot unmarshal configuration`);

const goKind = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  if (isFields(value)) return 'object';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' && !Number.isInteger(value) ? `number ${value}` : typeof value;
};

type Wanted = 'string' | 'int';
const isWanted = (value: unknown, wanted: Wanted): boolean =>
  value === undefined || value === null || (wanted === 'string' ? typeof value === 'string' : Number.isInteger(value));

const verifyTypes = (fields: Fields, place: string, types: Readonly<Record<string, Wanted>>): void => {
  for (const [key, wanted] of Object.entries(types)) {
    const value = fields[key];
    if (isWanted(value, wanted)) continue;
    throw unmarshal(`cannot unmarshal ${goKind(value)} into Go struct field ${place}.${key} of type ${wanted}`);
  }
};

const verifyKeys = (fields: Fields, known: readonly string[]): void => {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) throw unmarshal(`unknown field "${unknown}"`);
};

const root = 'Config.ResourceConfig';
const gatewayTypes: Readonly<Record<string, Wanted>> = {
  ...{ gateway_name: 'string', gateway_namespace: 'string', gateway_ip: 'string' },
  ...{ gateway_port_range_start: 'int', gateway_port_range_end: 'int' },
};
const managerTypes: Readonly<Record<string, Wanted>> = {
  ...{ cluster_name: 'string', default_namespace: 'string', kubeconfig_path: 'string', slot_type: 'string' },
  ...{ determined_master_scheme: 'string', determined_master_host: 'string', determined_master_port: 'int' },
  ...{ max_slots_per_pod: 'int', default_aux_resource_pool: 'string', default_compute_resource_pool: 'string' },
};

const verifyGateway = (block: unknown, place: string): void => {
  if (block === undefined || block === null) return;
  if (!isFields(block)) {
    throw unmarshal(
      `cannot unmarshal ${goKind(block)} into Go struct field ${place}.internal_task_gateway of type config.InternalTaskGatewayConfig`,
    );
  }
  verifyTypes(block, `${place}.internal_task_gateway`, gatewayTypes);
};

const verifyManager = (manager: unknown, place: string): void => {
  if (!isFields(manager)) return;
  const { type } = manager;
  if (type !== undefined && type !== 'kubernetes' && type !== 'agent') {
    throw unmarshal(`unexpected type: ${String(type)}`);
  }
  // without a type it is taken for one of agents, which has none of these keys
  if (type !== 'kubernetes') {
    verifyKeys(manager, ['type', 'name', 'cluster_name', 'metadata', 'scheduler', 'default_aux_resource_pool']);
    return;
  }
  verifyKeys(manager, managerKeys);
  verifyTypes(manager, place, managerTypes);
  verifyGateway(manager.internal_task_gateway, place);
};

const verifyPools = (pools: unknown): void => {
  for (const pool of itemsOf(pools)) {
    if (!isFields(pool))
      throw unmarshal(`cannot unmarshal ${goKind(pool)} into Go value of type config.ResourcePoolConfig`);
    verifyTypes(pool, `${root}.resource_pools`, { pool_name: 'string', description: 'string' });
  }
};

/** Judges the fields of a configuration. Throws an Error with the master's words. */
export const verifyFields = (fields: Fields): void => {
  verifyKeys(fields, topKeys);
  verifyManager(fields.resource_manager, `${root}.resource_manager`);
  verifyPools(fields.resource_pools);
  const additional = itemsOf(fields.additional_resource_managers).filter(isFields);
  for (const one of additional) {
    verifyKeys(one, ['resource_manager', 'resource_pools']);
    verifyManager(one.resource_manager, `${root}.additional_resource_managers.resource_manager`);
    verifyPools(one.resource_pools);
  }
  const faults = resourceFaults(fields, additional);
  if (faults.length === 0) return;
  const lines = faults.toSorted().map((fault) => `\terror found at ${fault}`);
  throw new Error(`Check Failed! ${faults.length} errors found:\n${lines.join('\n')}`);
};
