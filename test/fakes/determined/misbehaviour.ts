/** What the stand-in does wrong on purpose. */
export type Misbehaviour = {
  /** Runs the task and never registers its proxy: each task, or the first one. */
  readonly forgetsProxy?: boolean | 'once';
  /** Leaves this kind behind after a kill. */
  readonly leaves?: 'TCPRoute' | 'listener' | 'PriorityClass';
  /** The only state that it ever gives for a task. */
  readonly staysIn?: 'STATE_QUEUED' | 'STATE_PULLING';
  /** Never notices that the pod runs. */
  readonly staysStarting?: boolean;
  /** Never notices that the Job is gone. */
  readonly staysRunning?: boolean;
  /** Dials tasks here instead of at the Gateway's address. */
  readonly gatewayIp?: string;
  /** What stands in the log of a task while it runs, as the log shipper writes it: `DET_MASTER` is put in for `$DET_MASTER`. */
  readonly logsWhileRunning?: readonly string[];
  /** How a task ends once its pod has started, with the words of the master and those in the task log. */
  readonly endsAs?: { readonly exitStatus: string; readonly logs?: readonly string[] };
  /** What the task's container runs in place of a program that answers. */
  readonly program?: readonly string[];
  /** Has another cluster, too, and places tasks without a pool there; pools by the names of their clusters. */
  readonly otherCluster?: { readonly ownPool: string; readonly otherPool: string };
  /** Makes the listeners on this Gateway. */
  readonly otherGateway?: { readonly name: string; readonly namespace: string };
  /** Makes a task's objects in this namespace. */
  readonly otherNamespace?: string;
  /** Makes neither listeners nor what belongs to them: `internal_task_gateway: {}`. */
  readonly hasNoGateway?: boolean;
  /** Knows nothing of a task's allocations, as for a task of a workspace that the user may not see. */
  readonly hidesAllocations?: boolean;
  /** The user may not read task logs. */
  readonly refusesLogs?: boolean;
  /** The user may not kill. */
  readonly refusesKill?: boolean;
  /** Its user lacks this right: what it does then was recorded (determined.md, Rights). */
  readonly lacks?: 'jobs delete';
};

const forgetful = new WeakSet<Misbehaviour>();

/** Whether the proxy of the next task is forgotten. */
export const forgetsNow = (misbehaviour: Misbehaviour | undefined): boolean => {
  if (misbehaviour?.forgetsProxy !== 'once') return misbehaviour?.forgetsProxy === true;
  if (forgetful.has(misbehaviour)) return false;
  forgetful.add(misbehaviour);
  return true;
};
