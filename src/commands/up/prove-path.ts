import { waitForServiceAccount } from '../../cluster/readiness.ts';
import { instanceLabel } from '../../gateway/spec.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { originOf } from '../../model/master-endpoint.ts';
import { prove } from '../../proof/prove.ts';
import { removeSampleTask } from '../../proof/sample-task/removal.ts';
import { startSampleTask } from '../../proof/sample-task/sample-task.ts';
import type { SampleTask } from '../../proof/sample-task/task.ts';
import type { Step } from '../../task-list/step.ts';
import type { Reach } from '../../tunnel/endpoint.ts';
import { gatewaySpecOf, need, sampleImage, stageTimeoutMs, type UpContext } from '../context.ts';
import { noteForeignMasters } from '../status/foreign-masters.ts';
import { findRun, settingsDigest, skipIfHealthy } from './check-health.ts';
import { checkOwnership } from './check-ownership.ts';
import { findTunnelInstead, makeWayBack, openWayBack } from './open-reverse-path.ts';
import { reachGateway } from './reach-gateway.ts';
import { awaitNode } from './start-cluster.ts';
import { writeMasterConfiguration, writeMasterFiles } from './write-master-files.ts';

/** What the sample task is made from, before there is a Gateway endpoint. */
export const sampleSpec = ({ config, master }: Pick<UpContext, 'config'> & Required<Pick<UpContext, 'master'>>) => ({
  instance: config.name,
  namespace: config.master.taskNamespace,
  image: sampleImage,
  master,
});

/** Where the master listens on this host, when tasks dial it elsewhere. */
export const localMaster = ({ config, master }: Pick<UpContext, 'config'> & Required<Pick<UpContext, 'master'>>) =>
  master.via === 'direct' ? {} : { local: { host: '127.0.0.1', port: config.master.port } };

/** The master refuses to start where its default namespace is missing. One made here has the label by which `down` finds it. */
export const ensureNamespace = async (kube: Kube, name: string, instance: string): Promise<void> => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [instanceLabel]: instance } } };
  if (!(await kube.find(namespace))) await kube.apply(namespace);
};

/** The sample task's pod starts while the Gateway is still on its way. */
export const startSample: Step<UpContext> = {
  title: 'Start the sample task',
  skip: skipIfHealthy,
  after: [checkOwnership, openWayBack],
  run: async (context, { signal, report }) => {
    const kube = need(context, 'kube');
    const namespace = context.config.master.taskNamespace;
    await ensureNamespace(kube, namespace, context.config.name);
    await waitForServiceAccount(kube, { namespace, timeoutMs: stageTimeoutMs(context), signal, onVerdict: report });
    context.sampleTask = await startSampleTask(kube, sampleSpec({ ...context, master: need(context, 'master') }));
  },
  // a Job that a lost answer left behind has its own label: the next proof removes it
  abandon: async ({ kube, sampleTask, proof, config }) => {
    if (kube && sampleTask && !proof) await removeSampleTask(kube, sampleTask, gatewaySpecOf(config));
  },
};

const rememberProof = async (context: UpContext): Promise<void> => {
  const instance = need(context, 'instance');
  const run = await findRun(instance);
  if (!context.proof?.ok || !run) return;
  const settings = settingsDigest(context.config);
  await instance.change({ proven: { at: new Date().toISOString(), run, settings } });
};

/** Proves the path as it is now; `task` is one that runs already. */
const proveNow = async (context: UpContext, signal: AbortSignal, task?: SampleTask): Promise<void> => {
  const [gateway, master] = [need(context, 'gateway'), need(context, 'master')];
  const { start, end } = gateway.portRange;
  const proof = await prove(need(context, 'kube'), {
    ...sampleSpec({ ...context, master }),
    ...localMaster({ ...context, master }),
    gateway,
    ports: [start, end],
    timeoutMs: stageTimeoutMs(context),
    signal,
    ...(task && { task }),
  });
  context.notes.push(...proof.notes);
  context.proof = proof;
  await rememberProof(context);
};

/** The whole path, both ways, through the first and the last port of the range; all of it is removed again. */
export const provePath: Step<UpContext> = {
  title: 'Prove the path',
  skip: skipIfHealthy,
  after: [reachGateway, startSample, awaitNode],
  run: async (context, { signal }) => {
    await proveNow(context, signal, need(context, 'sampleTask'));
    context.notes.push(...(await noteForeignMasters(need(context, 'kube'), need(context, 'instance'), context.config)));
  },
};

/** The way that `auto` takes when pods did not come back to this host directly, as far as the settings allow one. */
const findOtherWay = ({ config, proof, master }: UpContext): Reach | undefined => {
  const isLost = proof?.hops.some(({ direction, ok }) => direction === 'reverse' && !ok);
  if (!isLost || master?.via !== 'direct' || config.master.reach !== 'auto') return undefined;
  return findTunnelInstead(config);
};

/** Proven by a pod, not assumed: only when the direct way did not work is another one taken. */
export const proveOtherWay: Step<UpContext> = {
  title: 'Take another way back to the master',
  skip: (context) => findOtherWay(context) === undefined && 'the way back is as it should be, or there is no other',
  after: [provePath, writeMasterFiles],
  run: async (context, tools) => {
    const reach = findOtherWay(context);
    if (!reach) return undefined;
    context.master = await makeWayBack(context, reach, tools);
    await writeMasterConfiguration(context);
    await proveNow(context, tools.signal);
    return `${originOf(context.master)}, ${reach.because}`;
  },
};
