import { waitForServiceAccount } from '../../cluster/readiness.ts';
import { identityOf } from '../../instance/identity.ts';
import type { Instance } from '../../instance/instance.ts';
import { findMasterTls } from '../../instance/master-certificate.ts';
import { type MasterEndpoint, originOf } from '../../model/master-endpoint.ts';
import { type Proven, prove } from '../../proof/prove.ts';
import { removeSampleTask } from '../../proof/sample-task/removal.ts';
import { startSampleTask } from '../../proof/sample-task/sample-task.ts';
import type { SampleTask } from '../../proof/sample-task/task.ts';
import type { RunTools } from '../../task-list/step.ts';
import type { MasterRoute } from '../../tunnel/endpoint.ts';
import { removeAbandonedTraffic } from '../chaos/traffic/abandoned.ts';
import { closedChecksOf } from '../closed-checks.ts';
import { gatewaySpecOf, sampleSpec, stageTimeoutMs } from '../context.ts';
import { findFault } from '../proof-result.ts';
import { findForeignMasters } from '../status/foreign-masters.ts';
import { findOwnMaster, lostWarning } from '../status/own-master.ts';
import { ensureTaskNamespace } from '../task-namespace.ts';
import { tunnelChecksOf } from '../tunnel-closed.ts';
import { checkHealth, findRun, settingsDigest, unchanged } from './check-health.ts';
import { checkMachine } from './check-machine.ts';
import { checkOwnership } from './check-ownership.ts';
import { type UpContext, upStep } from './context.ts';
import { findTunnelInstead, makeReversePath, openReversePath } from './open-reverse-path.ts';
import { writePolicy } from './policies/policy.ts';
import { writePolicies } from './policies/write-policies.ts';
import { prepareArtifacts } from './prepare-artifacts.ts';
import { reachGateway } from './reach-gateway.ts';
import { awaitNode, loadImages, startCluster } from './start-cluster.ts';
import { type ReachedInstance, writeMasterConfiguration, writeMasterFiles } from './write-master-files.ts';

/** The sample task's pod starts while the Gateway is still on its way. */
export const startSample = upStep({
  title: 'Start the sample task',
  needs: { machine: checkMachine, health: checkHealth, started: startCluster, reverse: openReversePath },
  after: [checkOwnership, loadImages, writePolicies],
  skip: ({ health }) => health !== undefined && unchanged(health),
  run: async (
    { machine: { instance }, started: { kube }, reverse: { master } },
    context,
    { signal, report, warn },
  ): Promise<SampleTask | undefined> => {
    const { config } = context;
    const namespace = config.master.taskNamespace;
    await ensureTaskNamespace({ instance, kube }, config, warn);
    await waitForServiceAccount(kube, { namespace, timeoutMs: stageTimeoutMs(context), signal, onVerdict: report });
    return startSampleTask(kube, {
      ...{ ...sampleSpec(config, { instance, master }), ...(await findMasterTls(instance)) },
      withStranger: config.network.policies,
    });
  },
  // a Job that a lost answer left behind has its own label: the next proof removes it
  release: async (task, { machine: { instance }, started: { kube } }, { config }) => {
    if (task) await removeSampleTask(kube, task, gatewaySpecOf(config, instance));
  },
});

/** What was proven before is no longer so once a proof fails: the next `up` must do its work. */
const rememberProof = async (
  { ok }: Proven,
  instance: Instance,
  { config, env }: Pick<UpContext, 'config' | 'env'>,
): Promise<void> => {
  const run = ok ? await findRun(instance, env) : undefined;
  if (run) await instance.change({ proven: { at: new Date().toISOString(), run, settings: settingsDigest(config) } });
  else if (instance.record().proven) await instance.change({ proven: undefined });
};

/** Proves the path as it is now; `task` is one that runs already. */
const proveNow = async (
  { instance, kube, gateway, master, task }: ReachedInstance & { readonly task?: SampleTask | undefined },
  context: UpContext,
  { signal, warn, keep }: RunTools<Proven>,
): Promise<Proven> => {
  const { config } = context;
  const { start, end } = gateway.portRange;
  const where = { ...identityOf(instance.record()), namespace: config.master.taskNamespace, gateway };
  const abandoned = await removeAbandonedTraffic(context, kube, where);
  if (abandoned.length > 0) warn(`removed what a killed chaos left: ${abandoned.join(', ')}`);
  const tls = await findMasterTls(instance);
  const proof = await prove(kube, {
    ...{ ...sampleSpec(config, { instance, master }), withStranger: config.network.policies },
    ...{ gateway, ports: [start, end], timeoutMs: stageTimeoutMs(context), signal, warn },
    ...tls,
    ...(task && { task }),
    closed: [
      ...closedChecksOf({
        record: instance.record(),
        ...{ settings: config, master, hasCertificate: tls !== undefined },
      }),
      ...(await tunnelChecksOf(instance.dir)),
    ],
  });
  keep(proof);
  for (const note of proof.notes) warn(note);
  await rememberProof(proof, instance, context);
  return proof;
};

/** The whole path, both ways, through the first and the last port of the range; all of it is removed again. */
export const provePath = upStep({
  title: 'Prove the path',
  needs: {
    ...{ machine: checkMachine, health: checkHealth, started: startCluster },
    ...{ gateway: reachGateway, reverse: openReversePath, task: startSample },
  },
  after: [awaitNode, writePolicies],
  skip: ({ health }) => health !== undefined && unchanged(health),
  run: async (
    { machine: { instance }, started: { kube }, gateway, reverse: { master }, task },
    context,
    tools,
  ): Promise<Proven | undefined> => {
    const proof = await proveNow({ instance, kube, gateway, master, task }, context, tools);
    const fault = findFault(proof);
    const instead = fault && findWayInstead({ proof, master }, context);
    if (instead) tools.fault(`${fault}; a tunnel by ${instead.via} is tried instead`, 'broken');
    else if (fault) tools.fault(fault);
    // another master stops nothing
    const own = await findOwnMaster(instance, context.config.master);
    const foreign = await findForeignMasters(kube, own, context.config);
    for (const { message, hint } of foreign) tools.warn(`${message} (${hint})`);
    const lost = lostWarning(own, context.config);
    if (lost) tools.warn(lost);
    return proof;
  },
});

/** Whether the proof lost the reverse path. */
const isLost = (proof: Proven | undefined): boolean =>
  proof?.hops.some(({ direction, ok }) => direction === 'reverse' && !ok) ?? false;

type Lost = { readonly proof: Proven | undefined; readonly master: MasterEndpoint };

/** The tunnel that `auto` takes when pods did not come back to this host directly. */
const findWayInstead = ({ proof, master }: Lost, { config }: UpContext): MasterRoute | undefined => {
  const isDirect = master.via === 'direct' && config.master.reach === 'auto';
  return isLost(proof) && isDirect ? findTunnelInstead(config) : undefined;
};

/** Why no tunnel is opened. */
const whyNoTunnel = (proof: Proven | undefined): string => {
  if (!proof || proof.ok) return 'not needed';
  return isLost(proof)
    ? 'not possible: the settings allow no other path'
    : 'no remedy: the reverse path is not what is broken';
};

/** What `up` ends with: the last proof, and how tasks dial the master. */
export type Ending = { readonly proof?: Proven; readonly master: MasterEndpoint };

/** Proven by a pod, not assumed: only when the direct path did not work is a tunnel opened. */
export const fallBack = upStep({
  title: 'Fall back to a tunnel',
  needs: {
    ...{ machine: checkMachine, programs: prepareArtifacts, started: startCluster, gateway: reachGateway },
    ...{ ownership: checkOwnership, reverse: openReversePath, proof: provePath },
  },
  after: [writeMasterFiles],
  look: async ({ proof, reverse: { master } }, context) => findWayInstead({ proof, master }, context),
  skip: ({ proof, reverse: { master }, seen: reach }) =>
    reach ? false : { because: whyNoTunnel(proof), value: { ...(proof && { proof }), master } },
  run: async (
    { machine: { instance }, programs, started: { cluster, kube }, gateway, ownership, reverse: path, ...at },
    context,
    tools,
  ): Promise<Ending> => {
    const { proof: lost, seen: reach } = at;
    if (!reach) return { ...(lost && { proof: lost }), master: path.master };
    const { master } = await makeReversePath({ instance, cluster, reach }, context, tools);
    await programs.provider.admitMaster?.(master);
    tools.keep({ ...(lost && { proof: lost }), master });
    if (context.config.network.policies) {
      await writePolicy({ instance, kube: ownership.kube, cluster }, context, { master, warn: tools.warn });
    }
    await writeMasterConfiguration({ instance, kube, gateway, master }, context, tools);
    const keep = (proof: Proven): void => tools.keep({ proof, master });
    const proof = await proveNow({ instance, kube, gateway, master }, context, { ...tools, keep });
    const fault = findFault(proof);
    if (fault) tools.fault(`${originOf(master)}: ${fault}`);
    else tools.note(`${originOf(master)}, ${reach.because}`);
    return { proof, master };
  },
});
