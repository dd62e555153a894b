import type { GatewayEndpoint } from '../../../src/model/gateway-endpoint.ts';
import { makeRoute, makeService } from '../../../src/proof/sample-task/manifests.ts';
import type { SampleTask, TaskPort } from '../../../src/proof/sample-task/task.ts';

/** One command as the stand-in master knows it. */
export type StandInTask = {
  readonly id: string;
  readonly allocationId: string;
  readonly jobName: string;
  readonly namespace: string;
  readonly podPorts: readonly number[];
  /** What it must answer, from its environment variables. */
  readonly nonce: string;
};

/** What pods get as DET_MASTER. */
export type DetMaster = { readonly scheme: 'http'; readonly host: string; readonly port: number };

const labelsOf = ({ allocationId }: StandInTask) => ({ determined: allocationId });

const jobLabels = (task: StandInTask) => ({
  ...labelsOf(task),
  'determined.ai/allocation_id': task.allocationId,
  'determined.ai/container_id': task.allocationId,
  'determined.ai/resource_pool': 'default',
  'determined.ai/task_id': task.id,
  'determined.ai/task_type': 'COMMAND',
  'determined.ai/user': 'admin',
  'determined.ai/workspace': 'Uncategorized',
});

/**
 * The Job of a command. In place of the command's Python program, for which a test cluster has no image, agnhost answers
 * its host name, which is the nonce, at any path; in place of the log shipper's look at DET_MASTER, `agnhost connect`.
 */
export const makeCommandJob = (task: StandInTask, { image, master }: { image: string; master: DetMaster }) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: task.jobName, namespace: task.namespace, labels: jobLabels(task) },
  spec: {
    completions: 1,
    parallelism: 1,
    backoffLimit: 0,
    ttlSecondsAfterFinished: 900,
    template: {
      metadata: { labels: jobLabels(task) },
      spec: {
        hostname: task.nonce,
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        initContainers: [
          {
            name: 'stand-in-ship-logs',
            image,
            command: ['/agnhost', 'connect', '--timeout=5s', `${master.host}:${master.port}`],
          },
        ],
        containers: [
          {
            name: 'determined-container',
            image,
            command: ['/agnhost', 'serve-hostname', `--port=${task.podPorts[0]}`],
            env: [
              { name: 'DET_MASTER', value: `${master.scheme}://${master.host}:${master.port}` },
              { name: 'DET_TASK_ID', value: task.id },
              { name: 'DET_ALLOCATION_ID', value: task.allocationId },
              { name: 'DET_PROXY_THROUGH_GATEWAY', value: 'true' },
            ],
            ports: task.podPorts.map((containerPort) => ({ containerPort, protocol: 'TCP' })),
            resources: { requests: { cpu: '0' }, limits: { cpu: '0' } },
          },
        ],
      },
    },
  },
});

export const makeCommandConfigMap = (task: StandInTask) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: task.jobName, namespace: task.namespace, labels: labelsOf(task) },
  data: { stand_in: 'the real one holds the files of the task' },
});

/** The Service and the TCPRoute of a port as a sample task has them, with the master's own labels only. */
export const makeCommandPath = (task: StandInTask, exposure: TaskPort, gateway: GatewayEndpoint) => {
  const named: SampleTask = { ...task, instance: '', taskId: task.id, secret: '' };
  const own = { labels: labelsOf(task), annotations: { 'determined.ai/job-name': task.jobName } };
  const service = makeService(named, exposure);
  const route = makeRoute(named, exposure, gateway);
  return [
    { ...service, metadata: { ...service.metadata, ...own } },
    { ...route, metadata: { ...route.metadata, ...own } },
  ] as const;
};
