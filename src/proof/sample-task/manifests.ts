import { rootCertificates } from 'node:tls';
import { tcpRouteKind } from '../../model/gateway-api.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import { type MasterEndpoint, originOf } from '../../model/master-endpoint.ts';
import { listenerName } from '../../model/task-listener.ts';
import { allocationLabels } from '../../model/task-objects.ts';
import { jobDeadlineSeconds, ownerAnnotation, ownOwner } from './owner.ts';
import { podPorts, type SampleTask, sampleLabels, type TaskPort } from './task.ts';

export type PodSpec = {
  /** agnhost, of which the pod runs `netexec` (HTTP, and dialing out) and `serve-hostname` (plain TCP). */
  readonly image: string;
  readonly master: MasterEndpoint;
  /** The authority of a master behind https, as PEM; without it the public ones are trusted. */
  readonly authority?: string;
};

const caFolder = '/run/taskgate';

/** `DET_*` as the master sets them; see docs/determined.md, How tasks reach the master. */
const taskEnvironment = (task: SampleTask, master: MasterEndpoint) =>
  Object.entries({
    DET_MASTER: originOf(master),
    DET_MASTER_HOST: master.host,
    DET_MASTER_ADDR: master.host,
    DET_MASTER_PORT: String(master.port),
    DET_USE_TLS: String(master.scheme === 'https'),
    DET_CLUSTER_ID: 'taskgate',
    DET_TASK_ID: task.taskId,
    DET_ALLOCATION_ID: task.allocationId,
    DET_KUBERNETES_JOB_PARALLELISM: '1',
    DET_PROXY_THROUGH_GATEWAY: 'true',
    ...(master.scheme === 'https' && { SSL_CERT_FILE: `${caFolder}/ca.pem` }),
  }).map(([name, value]) => ({ name, value }));

/** Of each object of a sample task: what finds it, and what removes it. */
export const labelsOf = (task: SampleTask) => ({
  ...allocationLabels(task.allocationId),
  ...sampleLabels(task),
});

const jobLabels = (task: SampleTask) => ({
  ...labelsOf(task),
  'determined.ai/allocation_id': task.allocationId,
  'determined.ai/container_id': task.allocationId,
  'determined.ai/resource_pool': 'default',
  'determined.ai/task_id': task.taskId,
  'determined.ai/task_type': 'COMMAND',
  'determined.ai/user': 'taskgate',
  'determined.ai/workspace': 'Uncategorized',
});

const metadataOf = (task: SampleTask, name: string) => ({
  name,
  namespace: task.namespace,
  labels: labelsOf(task),
  annotations: { 'determined.ai/job-name': task.jobName },
});

const containerNames = { http: 'determined-container', tcp: 'taskgate-tcp' } as const;
const containerArgs = {
  http: (port: number) => ['netexec', `--http-port=${port}`, '--udp-port=-1'],
  tcp: (port: number) => ['serve-hostname', '--tcp', '--http=false', `--port=${port}`],
} as const;

/** It can only answer requests: no token, no root. */
export const harmlessPod = {
  restartPolicy: 'Never',
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: 0, // serve-hostname sleeps for a minute after SIGTERM
  securityContext: {
    ...{ runAsUser: 65534, runAsGroup: 65534, runAsNonRoot: true },
    seccompProfile: { type: 'RuntimeDefault' },
  },
} as const;

/** agnhost on one port, without capabilities. */
export const makeContainer = (image: string, port: number, protocol: 'http' | 'tcp') => ({
  name: containerNames[protocol],
  image,
  imagePullPolicy: 'IfNotPresent',
  command: ['/agnhost'],
  args: containerArgs[protocol](port),
  ports: [{ containerPort: port, protocol: 'TCP' }],
  resources: { requests: { cpu: '0' }, limits: { cpu: '0' } },
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
});

/** What a Job of the proof has in common: it is removed with the sample task, at the latest by its deadline. */
export const jobFrame = { completions: 1, parallelism: 1, backoffLimit: 0, ttlSecondsAfterFinished: 900 } as const;

/**
 * The master's Job without the parts that carry no traffic (init container, log shipper, priority class). It can only
 * answer requests: no token, no root, no capabilities, so that every Pod Security level admits it. It has a deadline of 10 minutes, in case it is not removed.
 */
export const makeJob = (task: SampleTask, { image, master }: PodSpec) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name: task.jobName,
    namespace: task.namespace,
    labels: jobLabels(task),
    annotations: { [ownerAnnotation]: ownOwner() },
  },
  spec: {
    ...jobFrame,
    activeDeadlineSeconds: jobDeadlineSeconds,
    template: {
      metadata: { labels: jobLabels(task) },
      spec: {
        hostname: task.secret,
        ...harmlessPod,
        containers: podPorts.map(({ protocol, podPort }) => ({
          ...makeContainer(image, podPort, protocol),
          env: taskEnvironment(task, master),
          ...(master.scheme === 'https' && { volumeMounts: [{ name: 'ca', mountPath: caFolder }] }),
        })),
        ...(master.scheme === 'https' && { volumes: [{ name: 'ca', configMap: { name: task.jobName } }] }),
      },
    },
  },
});

/** The CAs for a master behind https: the image has none. The master's ConfigMap has the same name. */
export const makeCertificates = (task: SampleTask, authority: string = rootCertificates.join('\n')) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadataOf(task, task.jobName),
  data: { 'ca.pem': authority },
});

/** One Service for each port, as the master creates it: unnamed port, selected by allocation. */
export const makeService = (task: SampleTask, { name, podPort }: TaskPort) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadataOf(task, name),
  spec: {
    type: 'ClusterIP',
    ports: [{ port: podPort, protocol: 'TCP' }],
    selector: allocationLabels(task.allocationId),
  },
});

/** One TCPRoute for each port, bound to its listener by name and port, as the master creates it. */
export const makeRoute = (task: SampleTask, { name, podPort, listenerPort }: TaskPort, gateway: GatewayName) => ({
  ...tcpRouteKind,
  metadata: metadataOf(task, name),
  spec: {
    parentRefs: [
      {
        name: gateway.name,
        namespace: gateway.namespace,
        port: listenerPort,
        sectionName: listenerName(listenerPort),
      },
    ],
    rules: [{ backendRefs: [{ kind: 'Service', name, port: podPort }] }],
  },
});
