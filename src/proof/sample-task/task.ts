import { createHash, randomUUID } from 'node:crypto';
import { type InstanceIdentity, labelsOf, selectorOf } from '../../model/labels.ts';
import { sampleTaskPrefix } from '../../model/task-objects.ts';

/** The ends of one listener: the port that the host dials, and the one that the pod serves. */
export type TaskPort = {
  readonly protocol: 'http' | 'tcp';
  readonly podPort: number;
  readonly listenerPort: number;
  /** Name of the Service and of the TCPRoute. */
  readonly name: string;
};

/** The names of one sample task, from {@link nameSampleTask}. */
export type SampleTask = InstanceIdentity & {
  readonly namespace: string;
  readonly taskId: string;
  readonly allocationId: string;
  readonly jobName: string;
  /** The pod's host name, unique to this task, which it sends over plain TCP. */
  readonly secret: string;
};

/** A sample task whose listeners, Services and TCPRoutes exist. */
export type ExposedTask = SampleTask & {
  readonly exposures: readonly TaskPort[];
  /** Deviations, such as another port than requested. */
  readonly notes: readonly string[];
};

/** Ports of the sample pod; each gets its own listener, in this order. */
export const podPorts = [
  { protocol: 'http', podPort: 8080 },
  { protocol: 'tcp', podPort: 9376 },
] as const;

/** What the uuids of an instance's sample tasks begin with: a hash of its id, without one of its name. */
const markOf = ({ instance, instanceId = instance }: InstanceIdentity): string =>
  createHash('sha256').update(instanceId).digest('hex').slice(0, 8);

/**
 * Names a task as Determined's master does (`det-<first 8 of cluster id>-cmd-<uuid>`, allocation `<task id>.1`), with
 * `taskgate` for the cluster id. The uuid starts with a mark of the instance, so that a listener identifies its instance.
 */
export const nameSampleTask = (
  owner: InstanceIdentity,
  namespace: string,
  uuid: string = `${markOf(owner)}${randomUUID().slice(8)}`,
): SampleTask => ({
  instance: owner.instance,
  ...(owner.instanceId !== undefined && { instanceId: owner.instanceId }),
  namespace,
  taskId: `${sampleTaskPrefix}${uuid}`,
  allocationId: `${sampleTaskPrefix}${uuid}.1`,
  jobName: `det-taskgate-cmd-${uuid}`,
  secret: `tg-${randomUUID()}`,
});

/** Whether an allocation belongs to a sample task of this instance. */
export const isAllocationOf = (owner: InstanceIdentity, allocationId: string): boolean => {
  const { instance, ownsUnmarked } = owner;
  const marks = [markOf(owner), ...(ownsUnmarked ? [markOf({ instance })] : [])];
  return marks.some((mark) => allocationId.startsWith(`${sampleTaskPrefix}${mark}-`));
};

/** The labels by which a later run finds what this instance's sample tasks left behind. */
export const sampleLabels = (owner: InstanceIdentity) => labelsOf(owner, 'sample-task');

/** Selects by the name, as older objects have no id; allocations tell instances of one name apart. */
export const sampleSelector = ({ instance }: InstanceIdentity): string => selectorOf(sampleLabels({ instance }));
