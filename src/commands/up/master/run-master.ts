import { findMasterKeeper } from '../../../determined/stop.ts';
import { findAdminPassword } from '../../../instance/admin-password.ts';
import type { Instance } from '../../../instance/instance.ts';
import type { Proven } from '../../../proof/prove.ts';
import { proveThroughMaster } from '../../../proof/real-master/real-master.ts';
import { stageTimeoutMs } from '../../context.ts';
import { type EnsuredMaster, ensureMaster, prepareMaster as prepare } from '../../master/ensure.ts';
import { findFault } from '../../proof-result.ts';
import { findOwnMaster } from '../../status/own-master.ts';
import { checkHealth, unchanged } from '../check-health.ts';
import { checkMachine } from '../check-machine.ts';
import { type UpContext, upStep } from '../context.ts';
import { prepareArtifacts } from '../prepare-artifacts.ts';
import { fallBack } from '../prove-path.ts';
import { reachGateway } from '../reach-gateway.ts';
import { startCluster } from '../start-cluster.ts';
import { writeMasterFiles } from '../write-master-files.ts';

const notAsked = 'not asked for; --with-master runs one';

/** Beside the cluster's own start, which it needs nothing of. Resolves with whether the database was made now. */
export const prepareMaster = upStep({
  title: 'Prepare the master and its database',
  needs: { machine: checkMachine, health: checkHealth },
  // what it fetches would compete with what the cluster is made of
  after: [prepareArtifacts],
  skip: (_, { config }) => !config.withMaster && { because: notAsked, value: false },
  // no undo: what makes the database ends with the making
  run: ({ machine: { instance } }, context, { signal, report, warn }): Promise<boolean> =>
    prepare(instance, context, { signal, report, warn }),
});

/** Once the way back is proven: a master that no task reaches has nothing to run. */
export const runMaster = upStep({
  title: 'Run the master and its database',
  needs: { machine: checkMachine, isMade: prepareMaster, ending: fallBack },
  after: [writeMasterFiles],
  skip: (_, { config }) => !config.withMaster && { because: notAsked, value: undefined },
  run: async (
    { machine: { instance }, isMade },
    context,
    { signal, report, note, warn },
  ): Promise<EnsuredMaster | undefined> => {
    const ensured = await ensureMaster(instance, context, { signal, report, warn });
    const master = { ...ensured, isNew: ensured.isNew || (isMade && ensured.how === 'started') };
    // remembered, so that its tasks are known as its own while it does not answer
    await findOwnMaster(instance, context.config.master);
    note(`${master.url}${master.version === undefined ? '' : `, ${master.version}`}`);
    return master;
  },
  // no undo: what fails ends only what it has started itself
});

/** Identifies the run of the master; undefined for one that the instance does not run. */
const findMasterRun = async (instance: Instance): Promise<string | undefined> => {
  const keeper = await findMasterKeeper(instance);
  return keeper && JSON.stringify(keeper.process);
};

/** When a task of this run of the master last proved it; one whose proof failed or was cut off has none. */
const findProvenAt = async (instance: Instance): Promise<string | undefined> => {
  const { masterProven } = instance.record();
  return masterProven && masterProven.run === (await findMasterRun(instance)) ? masterProven.at : undefined;
};

/** Whatever answers on that port is not to get a password of the instance. */
const yours = ({ name }: UpContext['config'], { url }: EnsuredMaster): string =>
  `your own master answers there, and its password is yours; to prove the path through it: taskgate smoke --name ${name} --master ${url}`;

/** A real task, by the master and through its proxy. One that failed is tried again by the next `up`, whatever is healthy. */
export const proveMaster = upStep({
  title: 'Prove the path with a task of the master',
  needs: {
    ...{ machine: checkMachine, health: checkHealth, started: startCluster, gateway: reachGateway },
    ...{ master: runMaster },
  },
  skip: async ({ machine: { instance }, health, master }, { config }) => {
    if (!config.withMaster) return { because: notAsked, value: undefined };
    if (master?.how === 'yours') return { because: yours(config, master), value: undefined };
    if (health === undefined || master?.how !== 'running') return false;
    const provenAt = await findProvenAt(instance);
    return provenAt !== undefined && { because: unchanged({ provenAt }), value: undefined };
  },
  run: async (
    { machine: { instance }, started: { kube }, gateway, master },
    context,
    { signal, fault, keep },
  ): Promise<Proven | undefined> => {
    if (!master) return undefined;
    // also where this one is cut off
    if (instance.record().masterProven) await instance.change({ masterProven: undefined });
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
    const run = await findMasterRun(instance);
    const found = findFault(proof);
    if (found) fault(found);
    else if (run !== undefined) await instance.change({ masterProven: { at: new Date().toISOString(), run } });
    return proof;
  },
});
