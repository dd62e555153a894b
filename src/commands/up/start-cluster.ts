import { readFile } from 'node:fs/promises';
import { clusterAdmins, waitForNode } from '../../cluster/readiness.ts';
import { isForeignCluster } from '../../gateway/foreign/kept.ts';
import { removeInstance } from '../../instance/instance.ts';
import { connect } from '../../lib/kube/client.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Step } from '../../task-list/step.ts';
import { need, stageTimeoutMs, type UpContext } from '../context.ts';
import { checkHealth, skipIfHealthy } from './check-health.ts';
import { prepareArtifacts } from './prepare-artifacts.ts';

/** One that was just looked at, and that runs as it was made, needs no provider. */
const findHealthy = ({ provenAt, instance }: UpContext): Cluster | undefined =>
  provenAt === undefined ? undefined : instance?.record().cluster;

const start = async (context: UpContext, signal: AbortSignal): Promise<Cluster> => {
  const provider = need(context, 'provider');
  context.startsCluster = (await provider.find()) !== 'running';
  const cluster = await provider.start({ signal, timeoutMs: stageTimeoutMs(context) });
  await need(context, 'instance').change({ ...context.place, cluster });
  return cluster;
};

/** The control plane, up to an API server that answers. */
export const startCluster: Step<UpContext> = {
  title: 'Start the cluster',
  after: [prepareArtifacts, checkHealth],
  run: async (context, { signal, report }) => {
    context.onProgress = report;
    const cluster = findHealthy(context) ?? (await start(context, signal));
    context.cluster = cluster;
    context.kube = connect(await readFile(cluster.kubeconfigPath, 'utf8'), cluster.kubeContext);
  },
  undo: async (context) => {
    // a cluster that ran before is not ours to end: somebody's tasks run there
    if (!context.startsCluster) return;
    const instance = need(context, 'instance');
    const provider = need(context, 'provider');
    // one that was stopped before is stopped again, with its data
    if (instance.record().cluster !== undefined) return provider.stop();
    // somebody else's that was stopped is not deleted, so it is stopped first
    if (isForeignCluster(instance)) await provider.stop();
    await provider.delete();
    await removeInstance(instance);
  },
};

export const loadImages: Step<UpContext> = {
  title: 'Load images',
  skip: (context) => skipIfHealthy(context) || (!context.images && 'the cluster pulls them itself'),
  after: [prepareArtifacts, checkHealth],
  run: async (context, { signal }) => {
    const { archive, refs } = need(context, 'images');
    const limits = { signal, timeoutMs: stageTimeoutMs(context) };
    await need(context, 'provider').loadImages(archive, refs, limits);
  },
};

/** Heartbeats of a node that ran before are minutes old: only of one that was started just now a fresh one is asked. */
const heardSince = ({ startsCluster, cluster, startedAt }: UpContext): Date =>
  startsCluster && cluster?.provider === 'native' ? startedAt : new Date(0);

/** Pods can run from here on. */
export const awaitNode: Step<UpContext> = {
  title: 'Wait for the node',
  skip: skipIfHealthy,
  after: [startCluster],
  run: async (context, { signal, report }) => {
    const { nodeName } = need(context, 'cluster');
    const kube = need(context, 'kube');
    const wait = { node: nodeName, since: heardSince(context), timeoutMs: stageTimeoutMs(context), signal };
    await Promise.all([
      context.artifacts && kube.apply(clusterAdmins),
      waitForNode(kube, { ...wait, onVerdict: report }),
    ]);
  },
};
