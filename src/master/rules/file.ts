import { storageTypes } from '../schema/checkpoint-storage.ts';
import { findItem, findNumber, findString } from '../schema/document.ts';
import { has, isGiven, type MasterFile, oneOf, type Rule } from './rule.ts';

type FileRule = Rule<MasterFile>;

const logLevels: readonly string[] = ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'];
const taskMaxSlots = 'task_container_defaults.kubernetes.max_slots_per_pod';

const ofOldSchema = (key: string, hint: string): FileRule => ({
  key,
  check: ({ root }) =>
    has(root, key) &&
    has(root, 'resource_manager') &&
    'belongs to the old schema and cannot be combined with resource_manager',
  hint,
});

const managerRules: readonly FileRule[] = [
  {
    key: 'resource_manager',
    check: ({ root }) => !isGiven(root, 'resource_manager') && 'is missing: the master then silently uses agents',
    hint: 'write a resource_manager with type: kubernetes, or type: agent if agents are intended',
  },
  ofOldSchema('scheduler', 'move it into resource_manager'),
  ofOldSchema('provisioner', "move it into a resource pool's provider"),
  {
    key: taskMaxSlots,
    severity: 'warning',
    check: ({ root, managerCount }) =>
      managerCount > 1 && has(root, taskMaxSlots) && 'is ignored if there are several resource managers',
    hint: 'write max_slots_per_pod in each resource_manager',
  },
  {
    key: taskMaxSlots,
    check: ({ root }) =>
      (findNumber(root, taskMaxSlots) ?? 0) < 0 && `${findNumber(root, taskMaxSlots)} is less than 0`,
    hint: 'write 1 or more; 0 allows only tasks without slots',
  },
];

const inRange = (key: string, lowest: number, highest: number): FileRule => ({
  key,
  check: ({ root }) => {
    const value = findNumber(root, key) ?? Number(findString(root, key) || lowest);
    return (
      !(value >= lowest && value <= highest) &&
      `${findItem(root, key)?.kind === 'string' ? `'${findString(root, key)}'` : value} is not in ${lowest}-${highest}`
    );
  },
  hint: `write a number from ${lowest} to ${highest}`,
});

const recommended = (key: string, because: string, hint: string): FileRule => ({
  key,
  severity: 'warning',
  check: ({ root }) => !isGiven(root, key) && `is missing: ${because}`,
  hint,
});

const serverRules: readonly FileRule[] = [
  inRange('port', 1, 65535),
  inRange('db.port', 1, 65535),
  inRange('security.ssh.rsa_key_size', 1, 16384),
  {
    key: 'log.level',
    check: ({ root }) => oneOf(findString(root, 'log.level')?.toLowerCase(), logLevels),
    hint: 'write info or debug',
  },
  {
    key: 'security.tls',
    check: ({ root }) => {
      const [cert, key] = ['cert', 'key'].map((name) => Boolean(findString(root, `security.tls.${name}`)));
      return cert !== key && `has a ${cert ? 'cert' : 'key'} but no ${cert ? 'key' : 'cert'}`;
    },
    hint: 'give both files or neither',
  },
  {
    key: 'checkpoint_storage.type',
    check: ({ root }) => oneOf(findString(root, 'checkpoint_storage.type'), storageTypes),
    hint: 'write s3 with an endpoint_url for other servers of that protocol',
  },
  ...['host', 'port', 'user', 'name'].map((key) =>
    recommended(`db.${key}`, `the master then needs DET_DB_${key.toUpperCase()}`, `write db.${key}`),
  ),
  recommended(
    'security.initial_user_password',
    'the users admin and determined then have empty passwords',
    'set a generated password',
  ),
  recommended('task_container_defaults.image', 'tasks then use an image of many gigabytes', 'set a small image'),
];

/** Rules of keys outside of resource managers (config.go, Resolve and Validate). */
export const fileRules: readonly FileRule[] = [...managerRules, ...serverRules];
