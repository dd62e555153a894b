/** The ConfigMap and the Job of a task, as recorded (docs/determined.md, What a task makes). */
import type { ResourceManager } from '../config/settings.ts';
import type { TaskSpec } from './task.ts';

export type PodInput = {
  readonly spec: TaskSpec;
  readonly manager: ResourceManager;
  readonly clusterId: string;
  readonly scheme: string;
  /** Path in the pod of the master's certificate, where it has one. */
  readonly certificate: string | undefined;
  readonly forcePull: boolean;
  readonly hasPriority: boolean;
};

const label = (text: string): string => text.replaceAll(/[^\w.-]/g, '_').slice(0, 63);

const labelsOf = ({ id, allocationId, kind, pool, username }: TaskSpec) => ({
  determined: allocationId,
  'determined-queue-position': `${Date.now()}000000000000000000000000000000000`,
  'determined.ai/allocation_id': allocationId,
  'determined.ai/container_id': allocationId,
  'determined.ai/resource_pool': label(pool),
  'determined.ai/task_id': id,
  'determined.ai/task_type': kind.toUpperCase(),
  'determined.ai/user': label(username),
  'determined.ai/workspace': 'Uncategorized',
});

const variablesOf = ({ spec, manager, clusterId, scheme, certificate }: PodInput) => [
  ...spec.environment,
  ...Object.entries({
    DET_MASTER: `${scheme}://${manager.masterHost}:${manager.masterPort}`,
    DET_MASTER_HOST: manager.masterHost,
    DET_MASTER_ADDR: manager.masterHost,
    DET_MASTER_PORT: String(manager.masterPort),
    DET_USE_TLS: String(scheme === 'https'),
    ...(certificate && { DET_MASTER_CERT_FILE: certificate }),
    DET_CLUSTER_ID: clusterId,
    DET_SESSION_TOKEN: spec.sessionToken,
    DET_USER_TOKEN: spec.sessionToken,
    DET_USER: spec.username,
    DET_TASK_ID: spec.id,
    DET_TASK_TYPE: spec.kind.toUpperCase(),
    DET_ALLOCATION_ID: spec.allocationId,
    DET_RESOURCES_ID: spec.allocationId,
    DET_CONTAINER_ID: spec.allocationId,
    DET_RESOURCES_TYPE: 'k8s-job',
    DET_KUBERNETES_JOB_PARALLELISM: '1',
    ...(manager.gateway && { DET_PROXY_THROUGH_GATEWAY: 'true' }),
    DET_RUN_DIR: '/run/determined',
    DET_WORKDIR: '/run/determined/workdir',
    DET_SLOT_IDS: JSON.stringify(Array.from({ length: spec.slots }, (_, at) => at)),
    DET_TASK_LOGGING_METADATA: JSON.stringify({ task_id: spec.id, allocation_id: spec.allocationId }),
    PYTHONUSERBASE: '/run/determined/pythonuserbase',
    NVIDIA_VISIBLE_DEVICES: spec.slots === 0 ? 'void' : 'all',
    ...(spec.kind === 'notebook' && { NOTEBOOK_PORT: String(spec.ports[0]?.podPort) }),
  }).map(([name, value]) => ({ name, value })),
  { name: 'DET_KUBERNETES_POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  { name: 'DET_AGENT_ID', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
];

const resourcesOf = ({ spec, manager }: PodInput) => {
  const amount =
    manager.slotType === 'cpu' || spec.slots === 0
      ? { cpu: String(spec.slots * manager.slotCpu) }
      : { 'nvidia.com/gpu': String(spec.slots) };
  return { requests: amount, limits: amount };
};

const [source, target] = ['/run/determined/temp/tar/src', '/run/determined/temp/tar/dst'];
const archiveCount = '3';

const podOf = (input: PodInput) => {
  const { spec, forcePull, clusterId } = input;
  const shared = { image: spec.image, imagePullPolicy: forcePull ? 'Always' : 'IfNotPresent' };
  const security = { securityContext: { runAsUser: 0, runAsGroup: 0 } };
  return {
    restartPolicy: 'Never',
    ...(input.hasPriority && { priorityClassName: `${spec.allocationId}-priorityclass` }),
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: `determined.ai/cluster-id-${clusterId}`, operator: 'DoesNotExist' }] },
          ],
        },
      },
    },
    initContainers: [
      {
        ...{ name: 'determined-init-container', ...shared, ...security },
        command: ['/bin/bash', `${source}/k8_init_container_entrypoint.sh`, archiveCount, source, target],
        volumeMounts: [
          { name: 'archives', mountPath: source, readOnly: true },
          { name: 'files', mountPath: target },
        ],
      },
    ],
    containers: [
      {
        ...{ name: 'determined-container', ...shared, ...security },
        command: ['/run/determined/ship-logs.sh', '/run/determined/ship_logs.py', ...spec.entrypoint],
        env: variablesOf(input),
        ports: spec.ports.map(({ podPort }) => ({ containerPort: podPort })),
        resources: resourcesOf(input),
        workingDir: '/run/determined/workdir',
        volumeMounts: [
          { name: 'files', mountPath: '/run/determined', subPath: 'run/determined' },
          { name: 'files', mountPath: '/opt/determined', subPath: 'opt/determined' },
          { name: 'memory', mountPath: '/dev/shm' },
        ],
      },
    ],
    volumes: [
      { name: 'archives', configMap: { name: spec.jobName, defaultMode: 0o755 } },
      { name: 'files', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory' } },
    ],
  };
};

export const makeJob = (input: PodInput) => {
  const { spec } = input;
  const labels = labelsOf(spec);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: spec.jobName, namespace: spec.namespace, labels },
    spec: {
      ...{ completions: 1, parallelism: 1, backoffLimit: 0, ttlSecondsAfterFinished: 900 },
      template: { metadata: { labels }, spec: podOf(input) },
    },
  };
};

const asBytes = (text: string): string => Buffer.from(text).toString('base64');

export const makeConfigMap = (spec: TaskSpec, archives: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: spec.jobName, namespace: spec.namespace, labels: { determined: spec.allocationId } },
  binaryData: {
    ...archives,
    group: asBytes('root:x:0:\n'),
    passwd: asBytes('root:x:0:0:root:/root:/bin/bash\n'),
    shadow: asBytes('root:!!:::::::\n'),
  },
});
