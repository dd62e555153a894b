/** From the file, the environment and the flags to the settings, with the master's words for what it refuses. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Fields, isFields, itemsOf } from '../../../../../src/lib/json.ts';
import type { Given } from '../flags.ts';
import { logLevels } from '../log.ts';
import type { MasterSettings, Pool, ResourceManager, TaskGateway } from './settings.ts';
import { verifyFields } from './verdicts.ts';
import { readMasterYaml } from './yaml.ts';

const fieldsAt = (fields: Fields, key: string): Fields => {
  const value = fields[key];
  return isFields(value) ? value : {};
};
const textAt = (fields: Fields, key: string, otherwise = ''): string =>
  typeof fields[key] === 'string' ? fields[key] : otherwise;
const numberAt = (fields: Fields, key: string, otherwise: number): number =>
  typeof fields[key] === 'number' ? fields[key] : otherwise;

/** Sets what a flag or a variable gives. */
const withGiven = (fields: Fields, { path: [key = '', ...rest], value }: Given): Fields => ({
  ...fields,
  [key]: rest.length === 0 ? value : withGiven(fieldsAt(fields, key), { path: rest, value }),
});

const gatewayOf = (manager: Fields): TaskGateway | undefined => {
  const block = manager.internal_task_gateway;
  if (!isFields(block)) return undefined;
  return {
    name: textAt(block, 'gateway_name'),
    namespace: textAt(block, 'gateway_namespace'),
    ip: textAt(block, 'gateway_ip'),
    portRange: {
      start: numberAt(block, 'gateway_port_range_start', 32768),
      end: numberAt(block, 'gateway_port_range_end', 65535),
    },
  };
};

const poolOf = (pool: Fields): Pool => {
  const image = imageOf(fieldsAt(pool, 'task_container_defaults'));
  return {
    name: textAt(pool, 'pool_name', 'default'),
    description: textAt(pool, 'description'),
    ...(image && { image }),
  };
};

/** `image` is a name, or one for each kind of slot. */
const imageOf = ({ image }: Fields): string | undefined => {
  if (typeof image === 'string') return image;
  return isFields(image) && typeof image.cpu === 'string' ? image.cpu : undefined;
};

const slotsOf = (manager: Fields, defaults: Fields): number =>
  numberAt(manager, 'max_slots_per_pod', numberAt(fieldsAt(defaults, 'kubernetes'), 'max_slots_per_pod', 0));

const managerOf = (manager: Fields, pools: readonly Fields[], defaults: Fields): ResourceManager => ({
  clusterName: textAt(manager, 'cluster_name') || textAt(manager, 'name') || 'default',
  defaultNamespace: textAt(manager, 'default_namespace') || 'default',
  kubeconfigPath: textAt(manager, 'kubeconfig_path'),
  masterScheme: textAt(manager, 'determined_master_scheme'),
  masterHost: textAt(manager, 'determined_master_host') || textAt(manager, 'determined_master_ip'),
  masterPort: numberAt(manager, 'determined_master_port', 0),
  maxSlotsPerPod: slotsOf(manager, defaults),
  slotType: textAt(manager, 'slot_type', 'cuda'),
  slotCpu: numberAt(fieldsAt(manager, 'slot_resource_requests'), 'cpu', 1),
  gateway: gatewayOf(manager),
  pools: pools.length > 0 ? pools.map(poolOf) : [{ name: 'default', description: '' }],
  defaultAuxPool: textAt(manager, 'default_aux_resource_pool') || 'default',
  defaultComputePool: textAt(manager, 'default_compute_resource_pool') || 'default',
});

const poolsIn = (value: unknown): readonly Fields[] => itemsOf(value).filter(isFields);

const managersOf = (fields: Fields): readonly ResourceManager[] => {
  const defaults = fieldsAt(fields, 'task_container_defaults');
  return [
    managerOf(fieldsAt(fields, 'resource_manager'), poolsIn(fields.resource_pools), defaults),
    ...poolsIn(fields.additional_resource_managers).map((one) =>
      managerOf(fieldsAt(one, 'resource_manager'), poolsIn(one.resource_pools), defaults),
    ),
  ];
};

const portText = (value: unknown): string => (typeof value === 'number' ? String(value) : String(value ?? ''));

const settingsOf = (fields: Fields): MasterSettings => {
  const [db, tls] = [fieldsAt(fields, 'db'), fieldsAt(fieldsAt(fields, 'security'), 'tls')];
  const log = fieldsAt(fields, 'log');
  const isTls = Boolean(tls.cert && tls.key);
  const level = logLevels.find((one) => one === log.level) ?? 'info';
  return {
    port: numberAt(fields, 'port', 0) || (isTls ? 8443 : 8080),
    root: resolve(textAt(fields, 'root', '/usr/share/determined/master')),
    cacheDir: textAt(fieldsAt(fields, 'cache'), 'cache_dir', '/var/cache/determined'),
    clusterName: textAt(fields, 'cluster_name'),
    initialUserPassword: textAt(fieldsAt(fields, 'security'), 'initial_user_password'),
    db: {
      ...{ user: textAt(db, 'user'), password: textAt(db, 'password'), host: textAt(db, 'host') },
      ...{ port: portText(db.port), name: textAt(db, 'name') },
    },
    tls: isTls ? { cert: textAt(tls, 'cert'), key: textAt(tls, 'key') } : undefined,
    log: { level, color: log.color !== false },
    // the default image of this release, of many GB
    image: imageOf(fieldsAt(fields, 'task_container_defaults')) ?? 'determinedai/pytorch-ngc-dev:0736b6d',
    forcePullImage: fieldsAt(fields, 'task_container_defaults').force_pull_image === true,
    managers: managersOf(fields),
  };
};

const hidden = '********';
/** As the master prints its configuration: passwords hidden, an empty gateway block as null. */
const printableOf = (fields: Fields): string => {
  const [db, security] = [fieldsAt(fields, 'db'), fieldsAt(fields, 'security')];
  const manager = fieldsAt(fields, 'resource_manager');
  return JSON.stringify({
    ...fields,
    db: { ...db, ...(db.password ? { password: hidden } : {}) },
    security: { ...security, ...(security.initial_user_password ? { initial_user_password: hidden } : {}) },
    resource_manager: { ...manager, internal_task_gateway: manager.internal_task_gateway ?? null },
  });
};

export type Loaded = {
  readonly settings: MasterSettings;
  readonly printable: string;
  readonly notes: readonly string[];
};

const defaultFile = '/etc/determined/master.yaml';

const readFile = (configFile: string | undefined, notes: string[]): string => {
  try {
    return readFileSync(configFile ?? defaultFile, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const path = configFile ?? defaultFile;
    if (code === 'ENOENT' && !configFile) {
      notes.push(`no configuration file at ${path}, skipping`);
      return '';
    }
    if (code === 'ENOENT') {
      throw new Error(`error finding configuration file: stat ${path}: no such file or directory`);
    }
    throw new Error(
      `error reading configuration file: ${code === 'EISDIR' ? `read ${path}: is a directory` : `open ${path}: permission denied`}`,
    );
  }
};

/** Reads and judges a configuration. Throws an Error with the master's words. */
export const loadSettings = (configFile: string | undefined, given: readonly Given[]): Loaded => {
  const notes: string[] = [];
  const fields = given.reduce(withGiven, readMasterYaml(readFile(configFile, notes)));
  verifyFields(fields);
  return { settings: settingsOf(fields), printable: printableOf(fields), notes };
};
