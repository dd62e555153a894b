// Tested in test/e2e/with-master.test.ts
import { stopMaster } from '../../../determined/stop.ts';
import { findAdminPassword } from '../../../instance/admin-password.ts';
import type { Proven } from '../../../proof/prove.ts';
import { proveThroughMaster } from '../../../proof/real-master/real-master.ts';
import { stageTimeoutMs } from '../../context.ts';
import { type EnsuredMaster, ensureMaster } from '../../master/ensure.ts';
import { findFault } from '../../proof-result.ts';
import { checkHealth, unchanged } from '../check-health.ts';
import { checkMachine } from '../check-machine.ts';
import { upStep } from '../context.ts';
import { fallBack } from '../prove-path.ts';
import { reachGateway } from '../reach-gateway.ts';
import { startCluster } from '../start-cluster.ts';
import { writeMasterFiles } from '../write-master-files.ts';

const notAsked = 'not asked for; --with-master runs one';

/** Once the way back is proven: a master that no task reaches has nothing to run. */
export const runMaster = upStep({
  title: 'Run the master and its database',
  needs: { machine: checkMachine, ending: fallBack },
  after: [writeMasterFiles],
  skip: (_, { config }) => !config.withMaster && { because: notAsked, value: undefined },
  run: async ({ machine: { instance } }, context, { signal, report, note }): Promise<EnsuredMaster | undefined> => {
    const master = await ensureMaster(instance, context, { signal, report });
    note(`${master.url}${master.version === undefined ? '' : `, ${master.version}`}`);
    return master;
  },
  undo: async ({ machine: { instance } }) => void (await stopMaster(instance)),
});

/** A real task, by the master and through its proxy. */
export const proveMaster = upStep({
  title: 'Prove the path with a task of the master',
  needs: {
    ...{ machine: checkMachine, health: checkHealth, started: startCluster, gateway: reachGateway },
    ...{ master: runMaster },
  },
  skip: ({ health, master }, { config }) => {
    if (!config.withMaster) return { because: notAsked, value: undefined };
    const isAsBefore = health !== undefined && master?.how === 'running';
    return isAsBefore && { because: unchanged(health), value: undefined };
  },
  run: async (
    { machine: { instance }, started: { kube }, gateway, master },
    context,
    { signal, fault, keep },
  ): Promise<Proven | undefined> => {
    if (!master) return undefined;
    const password = (await findAdminPassword(instance)) ?? '';
    const { taskNamespace: namespace, resourcePool } = context.config.master;
    const proof = await proveThroughMaster(
      {
        ...{ url: master.url, username: 'admin', password, resourcePool },
        ...{ gateway, namespace, timeoutMs: stageTimeoutMs(context), signal },
      },
      { kube },
    );
    keep(proof);
    const found = findFault(proof);
    if (found) fault(found);
    return proof;
  },
});
