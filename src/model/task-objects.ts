import type { KubeObject, Selection } from '../lib/kube/types.ts';
import { tcpRouteKind } from './gateway-api.ts';

/** The kinds of objects that Determined's master creates for a task. */
export const taskKinds = [
  { apiVersion: 'batch/v1', kind: 'Job' },
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Service' },
  tcpRouteKind,
] as const;

/** One for each task that has a priority, of the whole cluster and without a label. */
export const priorityClass = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  nameOf: (allocationId: string): string => `${allocationId}-priorityclass`,
} as const;

/** A Job, as far as it tells whether it has finished. */
export type Job = KubeObject & {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime?: string;
    }[];
  };
};

/**
 * When a Job finished, in milliseconds since 1970; 0 where it does not say when, undefined for one that has not. It is
 * complete or failed; other conditions, such as `FailureTarget` and `SuccessCriteriaMet`, only say that it will be.
 */
export const endOfJob = ({ status }: Job): number | undefined => {
  const end = status?.conditions?.find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  );
  return end && (Date.parse(end.lastTransitionTime ?? '') || 0);
};

/** Whether a Job starts no pod any more; a last one may still be about to end. */
export const hasFinished = (job: Job): boolean => endOfJob(job) !== undefined;

/** Determined's master labels every other object of a task with its allocation. */
export const allocationLabel = 'determined';

export const allocationLabels = (allocationId: string) => ({ [allocationLabel]: allocationId });
export const allocationSelector = (allocationId: string): string => `${allocationLabel}=${allocationId}`;
export const allocationOf = ({ metadata }: KubeObject): string => metadata.labels?.[allocationLabel] ?? '';

/** What task ids of taskgate's own proofs begin with; a master's are uuids, or begin with a number. */
export const sampleTaskPrefix = 'taskgate-';

export const taskPods = (task: { readonly namespace: string; readonly allocationId: string }): Selection => ({
  ...{ apiVersion: 'v1', kind: 'Pod', namespace: task.namespace },
  labelSelector: allocationSelector(task.allocationId),
});
