import { createHash, randomUUID } from 'node:crypto';
import { labelsOf, selectorOf } from '../../model/labels.ts';

/** The ends of one listener: the port that the host dials, and the one that the pod serves. */
export type TaskPort = {
  readonly protocol: 'http' | 'tcp';
  readonly podPort: number;
  readonly listenerPort: number;
  /** Name of the Service and of the TCPRoute. */
  readonly name: string;
};

/** The names of one sample task, from {@link nameSampleTask}. */
export type SampleTask = {
  readonly instance: string;
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

const instanceHash = (instance: string): string => createHash('sha256').update(instance).digest('hex').slice(0, 8);

/**
 * Names a task as Determined's master does (`det-<first 8 of cluster id>-cmd-<uuid>`, allocation `<task id>.1`), with
 * `taskgate` for the cluster id. The uuid starts with a hash of the instance, so that a listener identifies its instance.
 */
export const nameSampleTask = (
  instance: string,
  namespace: string,
  uuid: string = `${instanceHash(instance)}${randomUUID().slice(8)}`,
): SampleTask => ({
  instance,
  namespace,
  taskId: `taskgate-${uuid}`,
  allocationId: `taskgate-${uuid}.1`,
  jobName: `det-taskgate-cmd-${uuid}`,
  secret: `tg-${randomUUID()}`,
});

/** Whether an allocation belongs to a sample task of this instance. */
export const isAllocationOf = (instance: string, allocationId: string): boolean =>
  allocationId.startsWith(`taskgate-${instanceHash(instance)}-`);

/** The labels by which a later run finds what this instance's sample tasks left behind. */
export const sampleLabels = (instance: string) => labelsOf(instance, 'sample-task');
export const sampleSelector = (instance: string): string => selectorOf(sampleLabels(instance));
