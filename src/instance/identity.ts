import { randomBytes } from 'node:crypto';
import type { InstanceIdentity } from '../model/labels.ts';
import type { InstanceRecord } from './record.ts';

/** A random id of 16 hex digits: two users may both have an instance `dev` in one cluster. */
export const makeInstanceId = (): string => randomBytes(8).toString('hex');

/** By what an instance recognizes its objects in a cluster. */
export const identityOf = ({ name, instanceId, ownsUnmarked }: InstanceRecord): InstanceIdentity => ({
  instance: name,
  instanceId,
  ...(ownsUnmarked && { ownsUnmarked }),
});

/**
 * Gives an id to an instance that an older taskgate made. What it has in a cluster has only its name, and stays its own;
 * the next apply adds the id.
 */
export const ensureInstanceId = async (instance: {
  readonly record: () => InstanceRecord;
  readonly change: (fields: Pick<InstanceRecord, 'instanceId' | 'ownsUnmarked'>) => Promise<void>;
}): Promise<void> => {
  const { instanceId, cluster } = instance.record();
  if (instanceId !== undefined) return;
  await instance.change({ instanceId: makeInstanceId(), ...(cluster && { ownsUnmarked: true }) });
};
