import { createHash, randomUUID } from 'node:crypto';
import { labelsOf, selectorOf } from '../../model/labels.ts';

/** The ends of one listener: what the host dials, and what the pod serves there. */
export type Exposure = {
  readonly protocol: 'http' | 'tcp';
  readonly podPort: number;
  readonly listenerPort: number;
  /** Name of the Service and of the TCPRoute. */
  readonly name: string;
};

/** The names of one sample task. Made by {@link nameSampleTask}, used by everything that makes or finds its objects. */
export type SampleTask = {
  readonly instance: string;
  readonly namespace: string;
  readonly taskId: string;
  readonly allocationId: string;
  readonly jobName: string;
  /** The pod's host name, made for this task only: what it answers over plain TCP. */
  readonly secret: string;
};

/** A sample task whose listeners, Services and TCPRoutes are made. */
export type ExposedTask = SampleTask & {
  readonly exposures: readonly Exposure[];
  /** What differs from what was asked for, such as another port. */
  readonly notes: readonly string[];
};

/** What the sample pod serves; each gets a listener of its own, in this order. */
export const podPorts = [
  { protocol: 'http', podPort: 8080 },
  { protocol: 'tcp', podPort: 9376 },
] as const;

const instanceHash = (instance: string): string => createHash('sha256').update(instance).digest('hex').slice(0, 8);

/**
 * Names a task as Determined's master does (`det-<first 8 of cluster id>-cmd-<uuid>`, allocation `<task id>.1`), with
 * `taskgate` for the cluster id. The uuid starts with a mark of the instance, so that a listener tells whose it is.
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

/** Whether an allocation is of a sample task that this instance made. */
export const isAllocationOf = (instance: string, allocationId: string): boolean =>
  allocationId.startsWith(`taskgate-${instanceHash(instance)}-`);

/** The labels by which a later run finds what this instance's sample tasks left behind. */
export const sampleLabels = (instance: string) => labelsOf(instance, 'sample-task');
export const sampleSelector = (instance: string): string => selectorOf(sampleLabels(instance));
