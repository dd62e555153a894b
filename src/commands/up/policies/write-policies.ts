import { checkHealth, unchanged } from '../check-health.ts';
import { checkMachine } from '../check-machine.ts';
import { checkOwnership } from '../check-ownership.ts';
import { upStep } from '../context.ts';
import { openReversePath } from '../open-reverse-path.ts';
import { loadImages, startCluster } from '../start-cluster.ts';
import { removePolicy, writePolicy } from './policy.ts';

/** Before the sample task starts: no task is ever without them. */
export const writePolicies = upStep({
  title: 'Write the network policies',
  needs: {
    ...{ machine: checkMachine, health: checkHealth, started: startCluster },
    ...{ ownership: checkOwnership, reverse: openReversePath },
  },
  after: [loadImages],
  skip: ({ machine: { instance }, health }, { config: { network } }) => {
    if (health) return unchanged(health);
    return !network.policies && !instance.record().networkPolicy && 'not asked for';
  },
  run: async (
    { machine: { instance }, started: { cluster }, ownership: { kube }, reverse: { master } },
    context,
    { warn, note },
  ): Promise<undefined> => {
    if (!context.config.network.policies)
      return note(`removed: ${(await removePolicy({ instance, kube })).join(', ')}`);
    await writePolicy({ instance, kube, cluster }, context, { master, warn });
    note('tasks: in from Envoy, out to DNS and the master');
  },
});
