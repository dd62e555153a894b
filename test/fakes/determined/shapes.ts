/**
 * What a real master creates for a command, written out from what one was seen to create (determined-ai/determined at
 * c1e9c6d7b8 against Kubernetes 1.34): nothing here is taken from the code that it stands in for.
 */
import { gzipSync } from 'node:zlib';

/** One command as the stand-in master knows it. */
export type StandInTask = {
  readonly id: string;
  /** `<task>.1` */
  readonly allocationId: string;
  /** `det-<first 8 of the cluster id>-cmd-<task>` */
  readonly jobName: string;
  readonly namespace: string;
  readonly podPorts: readonly number[];
  /** What it must answer, from its environment variables. */
  readonly nonce: string;
};

/** What pods get as DET_MASTER. */
export type DetMaster = { readonly scheme: 'http'; readonly host: string; readonly port: number };

export const clusterId = 'a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

export const priorityClassName = ({ allocationId }: StandInTask): string => `${allocationId}-priorityclass`;

/** One for each task, since each has a priority; its creation may be refused, which the master ignores. */
export const makePriorityClass = (task: StandInTask) => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name: priorityClassName(task) },
  value: 50,
  globalDefault: false,
  description: 'temporary priorityClass for determined',
  preemptionPolicy: 'Never',
});

const jobLabels = ({ id, allocationId }: StandInTask) => ({
  determined: allocationId,
  'determined-queue-position': '1795478661691000000000000000000000000000000000',
  'determined.ai/allocation_id': allocationId,
  'determined.ai/container_id': allocationId,
  'determined.ai/resource_pool': 'default',
  'determined.ai/task_id': id,
  'determined.ai/task_type': 'COMMAND',
  'determined.ai/user': 'admin',
  'determined.ai/workspace': 'Uncategorized',
});

const environment = ({ id, allocationId, nonce }: StandInTask, { scheme, host, port }: DetMaster) => [
  ...Object.entries({
    DET_MASTER: `${scheme}://${host}:${port}`,
    DET_MASTER_HOST: host,
    DET_MASTER_ADDR: host,
    DET_MASTER_PORT: String(port),
    DET_USE_TLS: 'false',
    DET_CLUSTER_ID: clusterId,
    DET_SESSION_TOKEN: 'v2.public.stand-in',
    DET_USER_TOKEN: 'v2.public.stand-in',
    DET_USER: 'admin',
    DET_TASK_ID: id,
    DET_TASK_TYPE: 'COMMAND',
    DET_ALLOCATION_ID: allocationId,
    DET_RESOURCES_ID: allocationId,
    DET_RESOURCES_TYPE: 'k8s-job',
    DET_KUBERNETES_JOB_PARALLELISM: '1',
    DET_PROXY_THROUGH_GATEWAY: 'true',
    DET_RUN_DIR: '/run/determined',
    DET_WORKDIR: '/run/determined/workdir',
    DET_SLOT_IDS: '[]',
    NVIDIA_VISIBLE_DEVICES: 'void',
    TASKGATE_NONCE: nonce,
  }).map(([name, value]) => ({ name, value })),
  { name: 'DET_KUBERNETES_POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  { name: 'DET_AGENT_ID', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
];

/** Nodes that were disabled for this cluster's tasks have the label. */
const affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: `determined.ai/cluster-id-${clusterId}`, operator: 'DoesNotExist' }] },
      ],
    },
  },
};

const archivesFolder = '/det_tars';

const podOf = (task: StandInTask, { image, master, hasPriority, program }: JobOptions) => ({
  hostname: task.nonce,
  restartPolicy: 'Never',
  automountServiceAccountToken: false,
  terminationGracePeriodSeconds: 0,
  affinity,
  ...(hasPriority && { priorityClassName: priorityClassName(task) }),
  initContainers: [
    {
      name: 'determined-init-container',
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['/agnhost', 'connect', '--timeout=5s', `${master.host}:${master.port}`],
      volumeMounts: [{ name: 'archives', mountPath: archivesFolder, readOnly: true }],
    },
  ],
  containers: [
    {
      name: 'determined-container',
      image,
      imagePullPolicy: 'IfNotPresent',
      command: program ?? ['/agnhost', 'serve-hostname', `--port=${task.podPorts[0]}`],
      env: environment(task, master),
      ports: task.podPorts.map((containerPort) => ({ containerPort })),
      resources: { requests: { cpu: '0' }, limits: { cpu: '0' } },
      securityContext: { runAsUser: 0, runAsGroup: 0 },
    },
  ],
  volumes: [{ name: 'archives', configMap: { name: task.jobName } }],
});

type JobOptions = {
  readonly image: string;
  readonly master: DetMaster;
  readonly hasPriority: boolean;
  /** What the main container runs in place of agnhost. */
  readonly program?: readonly string[];
};

/**
 * The Job of a command. In place of the command's Python program, for which a test cluster has no image, agnhost answers
 * its host name, which is the nonce, at any path; in place of the log shipper's look at DET_MASTER, the init container
 * dials it by `agnhost connect`. No service account and an end at once are of the stand-in, too.
 */
export const makeCommandJob = (task: StandInTask, options: JobOptions) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: task.jobName, namespace: task.namespace, labels: jobLabels(task) },
  spec: {
    completions: 1,
    parallelism: 1,
    backoffLimit: 0,
    ttlSecondsAfterFinished: 900,
    template: { metadata: { labels: jobLabels(task) }, spec: podOf(task, options) },
  },
});

const asBytes = (text: string): string => Buffer.from(text).toString('base64');
/** A tar with nothing in it is two blocks of zeros. */
const emptyArchive = gzipSync(Buffer.alloc(1024)).toString('base64');

/** The files of a task: three archives, the users of its image, and the script that unpacks them. */
export const makeCommandConfigMap = ({ jobName, namespace, allocationId }: StandInTask) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: jobName, namespace, labels: { determined: allocationId } },
  binaryData: {
    '0.tar.gz': emptyArchive,
    '1.tar.gz': emptyArchive,
    '2.tar.gz': emptyArchive,
    group: asBytes('root:x:0:\n'),
    passwd: asBytes('root:x:0:0:root:/root:/bin/bash\n'),
    shadow: asBytes('root:!!:::::::\n'),
    'k8_init_container_entrypoint.sh': asBytes('#!/usr/bin/env bash\n'),
  },
});

export type CommandPath = { readonly index: number; readonly podPort: number; readonly listenerPort: number };
type GatewayRef = { readonly name: string; readonly namespace: string };

/** The Service and the TCPRoute of a port, both `<job>-<index>`. */
export const makeCommandPath = (
  { jobName, namespace, allocationId }: StandInTask,
  { index, podPort, listenerPort }: CommandPath,
  gateway: GatewayRef,
) => {
  const name = `${jobName}-${index}`;
  const labels = { determined: allocationId };
  const metadata = { name, namespace, labels, annotations: { 'determined.ai/job-name': jobName } };
  const listener = { name: gateway.name, namespace: gateway.namespace, port: listenerPort };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'ClusterIP', ports: [{ port: podPort, protocol: 'TCP' }], selector: labels },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1alpha2',
      kind: 'TCPRoute',
      metadata,
      spec: {
        parentRefs: [{ ...listener, sectionName: `det-${listenerPort}` }],
        rules: [{ backendRefs: [{ kind: 'Service', name, port: podPort }] }],
      },
    },
  ] as const;
};
