import { waitForServiceAccount } from '../cluster/readiness.ts';
import type { Kube } from '../lib/kube.ts';
import { type Proven, prove } from '../proof/prove.ts';
import { removeSampleTask } from '../proof/removal.ts';
import { startSampleTask } from '../proof/sample-task.ts';
import { findRun, settingsDigest, skipIfHealthy } from './check-health.ts';
import { checkOwnership } from './check-ownership.ts';
import { gatewaySpecOf, need, sampleImage, stageTimeoutMs, type UpContext } from './context.ts';
import { reachGateway } from './reach-gateway.ts';
import { awaitNode } from './start-cluster.ts';
import type { Step } from './step.ts';
import { openWayBack } from './way-back.ts';

/** What the sample task is made from, before there is a Gateway endpoint. */
export const sampleSpec = ({ config, master }: Pick<UpContext, 'config'> & Required<Pick<UpContext, 'master'>>) => ({
  instance: config.name,
  namespace: config.master.taskNamespace,
  image: sampleImage,
  master,
});

/** The master refuses to start where its default namespace is missing. */
const ensureNamespace = async (kube: Kube, name: string): Promise<void> => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
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
    await ensureNamespace(kube, namespace);
    await waitForServiceAccount(kube, { namespace, timeoutMs: stageTimeoutMs(context), signal, onVerdict: report });
    context.sampleTask = await startSampleTask(kube, sampleSpec({ ...context, master: need(context, 'master') }));
  },
  // a Job that a lost answer left behind has its own label: the next proof removes it
  abandon: async ({ kube, sampleTask, proof, config }) => {
    if (kube && sampleTask && !proof) await removeSampleTask(kube, sampleTask, gatewaySpecOf(config));
  },
};

/** The whole path, both ways, through the first and the last port of the range; all of it is removed again. */
export const provePath: Step<UpContext> = {
  title: 'Prove the path',
  skip: skipIfHealthy,
  after: [reachGateway, startSample, awaitNode],
  run: async (context, { signal }) => {
    const gateway = need(context, 'gateway');
    const master = need(context, 'master');
    const { start, end } = gateway.portRange;
    const spec = {
      ...sampleSpec({ ...context, master }),
      gateway,
      ports: [start, end],
      timeoutMs: stageTimeoutMs(context),
      signal,
    };
    const proof: Proven = await prove(need(context, 'kube'), { ...spec, task: need(context, 'sampleTask') });
    context.notes.push(...proof.notes);
    context.proof = proof;
    const instance = need(context, 'instance');
    const run = await findRun(instance);
    if (!proof.ok || !run) return;
    const settings = settingsDigest(context.config);
    await instance.change({ proven: { at: new Date().toISOString(), run, settings } });
  },
};
