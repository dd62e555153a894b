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
