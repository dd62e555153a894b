import type { KubeObject, Selection } from '../lib/kube/types.ts';

/** Determined's master labels every object of a task with its allocation. */
const allocationLabel = 'determined';

export const allocationLabels = (allocationId: string) => ({ [allocationLabel]: allocationId });
export const allocationSelector = (allocationId: string): string => `${allocationLabel}=${allocationId}`;
export const allocationOf = ({ metadata }: KubeObject): string => metadata.labels?.[allocationLabel] ?? '';

type Task = { readonly namespace: string; readonly allocationId: string };

export const taskPods = ({ namespace, allocationId }: Task): Selection => ({
  ...{ apiVersion: 'v1', kind: 'Pod', namespace },
  labelSelector: allocationSelector(allocationId),
});
