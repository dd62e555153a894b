import type { KubeObject } from '../lib/kube/types.ts';

export const instanceLabel = 'taskgate.dev/instance';
/** On a namespace that taskgate did not create: the instance whose `down` takes its Pod Security level back. */
export const podSecurityAnnotation = 'taskgate.dev/pod-security';
/** Names repeat in a cluster that several users attach to; ids do not. */
const instanceIdLabel = 'taskgate.dev/instance-id';
const managedByLabel = 'app.kubernetes.io/managed-by';

/** What an instance writes on its objects, and recognizes them by. */
export type InstanceIdentity = {
  /** The instance's name. */
  readonly instance: string;
  /** Random; undefined for an instance of an older taskgate that has not been brought up since. */
  readonly instanceId?: string;
  /** An older taskgate, which wrote no ids, may have made objects of this instance. */
  readonly ownsUnmarked?: boolean;
};

/** The labels that tell whose an object is. */
export const ownerLabels = ({ instance, instanceId }: InstanceIdentity): Readonly<Record<string, string>> => ({
  [instanceLabel]: instance,
  ...(instanceId !== undefined && { [instanceIdLabel]: instanceId }),
});

/** The labels of every object that taskgate creates for an instance. */
export const labelsOf = (owner: InstanceIdentity, component?: string): Readonly<Record<string, string>> => ({
  [managedByLabel]: 'taskgate',
  ...(component && { 'app.kubernetes.io/component': component }),
  ...ownerLabels(owner),
});

/**
 * Whether an object has an instance's labels. One without an id belongs, by its name, to an instance that has none either,
 * or that an older taskgate made.
 */
export const isOfInstance = ({ metadata: { labels } }: KubeObject, owner: InstanceIdentity): boolean => {
  if (labels?.[instanceLabel] !== owner.instance) return false;
  const id = labels[instanceIdLabel];
  if (id !== undefined) return id === owner.instanceId;
  return owner.instanceId === undefined || owner.ownsUnmarked === true;
};

/** The value of {@link podSecurityAnnotation}. */
export const podSecurityOwner = ({ instance, instanceId }: InstanceIdentity): string => instanceId ?? instance;

/** The label selector of such objects. */
export const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

export const isManaged = ({ metadata }: KubeObject): boolean => metadata.labels?.[managedByLabel] === 'taskgate';
