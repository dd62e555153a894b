import type { KubeObject } from '../lib/kube/types.ts';

export const instanceLabel = 'taskgate.dev/instance';
const managedByLabel = 'app.kubernetes.io/managed-by';

/** The labels of every object that taskgate creates for an instance. */
export const labelsOf = (instance: string, component?: string): Readonly<Record<string, string>> => ({
  [managedByLabel]: 'taskgate',
  ...(component && { 'app.kubernetes.io/component': component }),
  [instanceLabel]: instance,
});

/** The label selector of such objects. */
export const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

export const isManaged = ({ metadata }: KubeObject): boolean => metadata.labels?.[managedByLabel] === 'taskgate';
