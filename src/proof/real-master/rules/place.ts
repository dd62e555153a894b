// Tested in test/proof/real-master/real-master.broken-ways.test.ts
import type { Sighting, TaskFinding, TaskRule } from './rule.ts';

/** A master creates the Job before the task leaves its queue; between two answers it may just have been removed. */
const longestAbsenceMs = 1_500;

const describePool = ({ resourcePool, pools }: Sighting): string => {
  const cluster = pools.find(({ name }) => name === resourcePool)?.clusterName;
  return `resource pool ${resourcePool}${cluster ? ` (cluster ${cluster})` : ''}`;
};

/** Which pool leads to this cluster. */
const poolHint = (seen: Sighting): string => {
  const { resourcePool, pools, ownPool } = seen;
  const names = pools.map(({ name }) => name);
  if (ownPool && ownPool !== resourcePool && names.includes(ownPool)) {
    return `give --master-pool ${ownPool}, the pool of this instance: a task without a pool goes to the master's default one`;
  }
  const rest = names.filter((name) => name !== resourcePool);
  if (rest.length > 0) return `give --master-pool with the pool of this cluster; the master has: ${names.join(', ')}`;
  return 'is it the master of this instance? the kubeconfig_path of its resource manager leads to another cluster';
};

const inOtherCluster = (seen: Sighting): TaskFinding => ({
  cause: `the task is in another cluster: the master has placed it in ${describePool(seen)}, and this cluster has no Job of it`,
  hint: poolHint(seen),
  evidence: `${seen.state} in ${describePool(seen)}, no Job here`,
});

/** The master's Job is not where this instance's tasks belong. */
export const elsewhere: TaskRule = {
  isFinal: true,
  find: (seen) => {
    const { jobsIn, namespace, absentForMs } = seen;
    const [other] = jobsIn;
    if (other !== undefined && !jobsIn.includes(namespace)) {
      return {
        cause: `the master has created the task's Job in namespace ${other}, not in ${namespace}`,
        hint: `set default_namespace: ${namespace} in master.yaml (or take the namespace binding off the workspace), or give this instance master.taskNamespace ${other}`,
      };
    }
    return other === undefined && absentForMs > longestAbsenceMs ? inOtherCluster(seen) : undefined;
  },
};

const waiting: readonly string[] = ['STATE_QUEUED', 'STATE_PENDING'];

/** A queue of the wrong pool may be long. */
export const queued: TaskRule = {
  isFinal: false,
  find: (seen) => {
    const { state, jobsIn, resourcePool, ownPool } = seen;
    if (!waiting.includes(state) || jobsIn.length > 0 || !resourcePool) return undefined;
    const isOther = ownPool !== undefined && ownPool !== resourcePool;
    return {
      cause: `the master has not started the task: it waits in ${describePool(seen)}`,
      hint: isOther
        ? poolHint(seen)
        : 'is there room in the resource pool? a task without slots needs a node that accepts it',
    };
  },
};
