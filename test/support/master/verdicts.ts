import { additional } from './sample.ts';

const rm = 'resource_manager';
const gateway = `${rm}.internal_task_gateway`;
const defaults = 'task_container_defaults';
const cpu = `${defaults}.cpu_pod_spec`;

export type Changes = Readonly<Record<string, unknown>>;
/**
 * `refused`: the real master 0.38.1 does not start with it. `lost`: it starts, and something else than what is written happens.
 * `off`: it starts, and no task is reached through the Gateway. `taken`: it starts, and all is as written.
 */
export type Verdict = 'refused' | 'off' | 'lost' | 'taken';
type Row = readonly [what: string, verdict: Verdict, changes: Changes, says?: string];

const container = (fields: object, name = 'determined-container') => ({
  [cpu]: { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name, ...fields }] } },
});
const pod = (fields: object) => ({ [cpu]: { apiVersion: 'v1', kind: 'Pod', ...fields } });
const env = (...entries: readonly unknown[]) => container({ env: entries });

export const gatewayRows: readonly Row[] = [
  ...['gateway_name', 'gateway_namespace', 'gateway_ip'].flatMap((key): readonly Row[] =>
    [undefined, '', null].map((value) => [`${key} ${value}`, 'refused', { [`${gateway}.${key}`]: value }]),
  ),
  ['a name with /', 'refused', { [`${gateway}.gateway_name`]: 'a/b' }],
  ['a name of 64 characters', 'refused', { [`${gateway}.gateway_name`]: 'a'.repeat(64) }],
  ['start 1024', 'refused', { [`${gateway}.gateway_port_range_start`]: 1024 }],
  ['start 0, which is no default', 'refused', { [`${gateway}.gateway_port_range_start`]: 0 }],
  ['end 65536', 'refused', { [`${gateway}.gateway_port_range_end`]: 65_536 }],
  ['start > end', 'refused', { [`${gateway}.gateway_port_range_start`]: 20_200 }],
  ['start = end', 'refused', { [`${gateway}.gateway_port_range_start`]: 20_199 }],
  ['a number as name', 'refused', { [`${gateway}.gateway_name`]: 5 }],
  ['a text as port', 'refused', { [`${gateway}.gateway_port_range_start`]: 'x' }],
  ['a fraction as port', 'refused', { [`${gateway}.gateway_port_range_start`]: 20_000.5 }],
  ['a bool as namespace', 'refused', { [`${gateway}.gateway_namespace`]: true }],
  ['a text as block', 'refused', { [gateway]: 'contour' }],
  ['the block at top level', 'refused', { internal_task_gateway: { gateway_name: 'a' } }],
  ['a key of the block beside it', 'refused', { [`${rm}.gateway_ip`]: '10.0.0.1' }],
  ['namespace in the resource manager', 'refused', { [`${rm}.namespace`]: 'team' }],
  ['an unknown key at the top', 'refused', { colour: 'red' }],
  ['no type', 'refused', { [`${rm}.type`]: undefined }],
  ['type k8s', 'refused', { [`${rm}.type`]: 'k8s' }],
  ['root pools []', 'refused', { resource_pools: [] }],
  ['no address of the master: no start', 'refused', { [`${rm}.determined_master_host`]: undefined }],
  [
    'an additional one with name only',
    'refused',
    {
      additional_resource_managers: [additional({ [`${rm}.cluster_name`]: undefined, [`${rm}.name`]: 'second' })],
    },
  ],
  ['max_slots_per_pod nowhere', 'refused', { [`${rm}.max_slots_per_pod`]: null }],
  ['a slot_type of its own', 'refused', { [`${rm}.slot_type`]: 'tpu' }],
  ['an empty block', 'off', { [gateway]: {} }],
  ['a block of null', 'off', { [gateway]: null }],
  ['a variable as address', 'off', { [`${gateway}.gateway_ip`]: '$GATEWAY_IP' }],
  ['a name that no Gateway can have', 'off', { [`${gateway}.gateway_name`]: 'Con_Tour' }],
  [
    'one Gateway for two',
    'off',
    {
      additional_resource_managers: [additional({ [`${gateway}.gateway_ip`]: '192.168.49.2' })],
    },
  ],
  ['an unknown key in the block', 'lost', { [`${gateway}.colour`]: 'red' }],
  ['a key in camelCase beside the right one', 'lost', { [`${gateway}.gatewayName`]: 'contour' }],
  ['no range', 'lost', { [`${gateway}.gateway_port_range_start`]: null, [`${gateway}.gateway_port_range_end`]: null }],
  ['port 70000', 'lost', { [`${rm}.determined_master_port`]: 70_000 }],
  ['scheme ftp', 'lost', { [`${rm}.determined_master_scheme`]: 'ftp' }],
  ['a kubeconfig that is not there', 'taken', { [`${rm}.kubeconfig_path`]: '/no/such/file' }],
  [
    'ports 49152-65535, which upstream recommends',
    'lost',
    { [`${gateway}.gateway_port_range_start`]: 49_152, [`${gateway}.gateway_port_range_end`]: 65_535 },
    'overlap 57536-59581',
  ],
  [
    'ports 57536-58558, no pair of which meets',
    'taken',
    { [`${gateway}.gateway_port_range_start`]: 57_536, [`${gateway}.gateway_port_range_end`]: 58_558 },
  ],
];

/** Keys that a chart renders without a value. */
export const emptyRows: readonly Row[] = [
  ...['default_aux_resource_pool', 'default_compute_resource_pool', 'default_namespace', 'slot_type', 'metadata'].map(
    (key): Row => [`${key} without a value`, 'taken', { [`${rm}.${key}`]: null }],
  ),
  ...['checkpoint_storage', 'telemetry', 'cache', 'scim', 'resource_pools', 'feature_switches', 'webhooks'].map(
    (key): Row => [`${key} without a value`, 'taken', { [key]: null }],
  ),
  ...['cpu_pod_spec', 'bind_mounts', 'environment_variables', 'registry_auth', 'add_capabilities', 'kubernetes'].map(
    (key): Row => [`${key} without a value`, 'taken', { [`${defaults}.${key}`]: null }],
  ),
  ['an empty default pool', 'taken', { [`${rm}.default_aux_resource_pool`]: '' }],
  ['an empty namespace', 'taken', { [`${rm}.default_namespace`]: '' }],
  ['an empty startup hook', 'taken', { [`${defaults}.startup_hook`]: '' }],
  ['empty bind mounts', 'taken', { [`${defaults}.bind_mounts`]: [] }],
  ['security without a value: no passwords', 'lost', { security: null }],
  ['db without a value: variables must give it', 'lost', { db: null }],
  ['a pool without a value', 'refused', { resource_pools: [{ pool_name: 'default' }, null] }],
];

export const podRows: readonly Row[] = [
  ['a number as value of a variable', 'refused', env({ name: 'OMP_NUM_THREADS', value: 4 }), 'must be a string'],
  ['a bool as value of a variable', 'refused', env({ name: 'DEBUG', value: true }), 'must be a string'],
  ['a text as value of a variable', 'taken', env({ name: 'OMP_NUM_THREADS', value: '4' })],
  ['a variable from a secret', 'taken', env({ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } })],
  ['variables as a map', 'refused', container({ env: { A: 'x' } }), 'must be a list'],
  ['a namespace', 'refused', pod({ metadata: { namespace: 'team-a' } }), 'namespace of a pod cannot be set'],
  ['a name', 'refused', pod({ metadata: { name: 'mine' } }), 'name of a pod cannot be set'],
  ['labels', 'taken', pod({ metadata: { labels: { team: 'a' } } })],
  ['a number as label', 'refused', pod({ metadata: { labels: { team: 7 } } }), 'must be a string'],
  ['host networking', 'refused', pod({ spec: { hostNetwork: true } }), 'host networking cannot be set'],
  ['no host networking', 'taken', pod({ spec: { hostNetwork: false } })],
  ['the image of the task', 'refused', container({ image: 'a:1' }), 'image of determined-container'],
  ['the image of a sidecar', 'taken', container({ image: 'a:1' }, 'sidecar')],
  ['the command of the task', 'refused', container({ command: ['sh'] })],
  ['ports of the task', 'refused', container({ ports: [{ containerPort: 80 }] })],
  ['a probe of the task', 'refused', container({ livenessProbe: { httpGet: { port: 80 } } })],
  ['an empty command', 'taken', container({ command: [] })],
  [
    'its memory as text and its CPUs as number',
    'taken',
    container({ resources: { requests: { memory: '64Gi', cpu: 16 } } }),
  ],
  ['a bool as memory', 'refused', container({ resources: { limits: { memory: true } } })],
  [
    'mounts',
    'taken',
    {
      [cpu]: {
        spec: {
          containers: [
            { name: 'determined-container', volumeMounts: [{ name: 'd', mountPath: '/d', readOnly: true }] },
          ],
          volumes: [{ name: 'd', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } }],
        },
      },
    },
  ],
  ['tolerations', 'taken', pod({ spec: { tolerations: [{ key: 'gpu', operator: 'Exists', tolerationSeconds: 60 }] } })],
  ['a text as seconds', 'refused', pod({ spec: { terminationGracePeriodSeconds: '30' } }), 'must be an integer'],
  ['a number as node selector', 'refused', pod({ spec: { nodeSelector: { pool: 1 } } })],
  ['a list as spec', 'refused', pod({ spec: ['a'] })],
  ['a misspelt field', 'lost', pod({ spec: { nodeSelektor: { a: 'b' } } }), 'silently ignores it'],
  ['an affinity', 'taken', pod({ spec: { affinity: { nodeAffinity: { preferred: [{ weight: 1 }] } } } })],
  ['a shell variable in a command', 'taken', container({ command: ['sh', '-c', 'echo $HOME'] }, 'sidecar')],
];

export const defaultsRows: readonly Row[] = [
  ['bind mounts in short form', 'refused', { [`${defaults}.bind_mounts`]: ['/data:/data'] }, 'must be a block'],
  [
    'bind mounts',
    'taken',
    { [`${defaults}.bind_mounts`]: [{ host_path: '/a', container_path: '/b', read_only: true }] },
  ],
  ['a relative bind mount', 'refused', { [`${defaults}.bind_mounts`]: [{ host_path: 'a', container_path: '/b' }] }],
  [
    'variables as a map',
    'lost',
    { [`${defaults}.environment_variables`]: { HTTP_PROXY: 'http://p:3128' } },
    'ignores it',
  ],
  ['variables as a list', 'taken', { [`${defaults}.environment_variables`]: ['HTTP_PROXY=http://p:3128'] }],
  ['variables for each slot type', 'taken', { [`${defaults}.environment_variables`]: { cpu: ['A=1'], cuda: ['A=2'] } }],
  ['variables that are no texts', 'refused', { [`${defaults}.environment_variables`]: [1] }],
  ['devices in short form', 'taken', { [`${defaults}.devices`]: ['/dev/a:/dev/a'] }],
  ['a number as user of the registry', 'refused', { [`${defaults}.registry_auth`]: { username: 1 } }],
  ['no shared memory', 'refused', { [`${defaults}.shm_size_bytes`]: 0 }],
  ['an empty network mode', 'refused', { [`${defaults}.network_mode`]: '' }],
  [
    'the pool: a number as value',
    'refused',
    {
      resource_pools: [{ pool_name: 'default', [defaults]: { gpu_pod_spec: { spec: { priority: 'high' } } } }],
    },
  ],
  [
    'the pool: host networking',
    'refused',
    {
      resource_pools: [{ pool_name: 'default', [defaults]: { gpu_pod_spec: { spec: { hostNetwork: true } } } }],
    },
  ],
  ['the pool: its own image', 'taken', { resource_pools: [{ pool_name: 'default', [defaults]: { image: 'a:1' } }] }],
  [
    'storage of an unknown type',
    'refused',
    { checkpoint_storage: { type: 'minio', bucket: 'b' } },
    "'minio' is not one",
  ],
  ['storage with a text as count', 'refused', { checkpoint_storage: { type: 's3', save_trial_best: 'all' } }],
  ...['shared_fs', 'directory', 's3', 'gcs', 'azure'].map(
    (type): Row => [`storage ${type}`, 'taken', { checkpoint_storage: { type, save_trial_best: 1 } }],
  ),
  ['a key of the storage that is misspelt', 'lost', { checkpoint_storage: { type: 's3', buckets: 'b' } }],
  ['a variable far from the gateway', 'lost', { 'security.initial_user_password': '$PASSWORD' }],
];
