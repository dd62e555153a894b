import { clusterAdmins, waitForNode } from '../../cluster/readiness.ts';
import { isForeignCluster } from '../../gateway/foreign/saved.ts';
import { openAccess } from '../../instance/access.ts';
import { abandonInstance, removeInstance } from '../../instance/instance.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { Interrupted } from '../../lib/process/interrupted.ts';
import type { Cluster } from '../../model/cluster.ts';
import { stageTimeoutMs } from '../context.ts';
import { checkHealth, findSupervisor, unchanged } from './check-health.ts';
import { checkMachine } from './check-machine.ts';
import { upStep } from './context.ts';
import { prepareArtifacts } from './prepare-artifacts.ts';

/** A cluster whose API server answers. */
export type StartedCluster = {
  readonly cluster: Cluster;
  readonly kube: Kube;
  /** Whether this run is the one that started it. */
  readonly isNew: boolean;
};

/** The control plane, up to an API server that answers. */
export const startCluster = upStep({
  title: 'Start the cluster',
  needs: { machine: checkMachine, programs: prepareArtifacts, health: checkHealth },
  // one that was just looked at, and that runs as it was made, needs no provider
  look: async ({ machine, health }) => (health ? 'running' : machine.provider.find()),
  run: async (
    { machine: { instance, target }, programs: { provider }, health, seen },
    context,
    { signal, report },
  ): Promise<StartedCluster> => {
    const limits = { signal, report, timeoutMs: stageTimeoutMs(context) };
    const before = findSupervisor(instance);
    const cluster = health?.cluster ?? (await provider.start(limits));
    const kept = context.chosen && { given: context.chosen.given };
    await instance.change({ ...(!health && { ...target, cluster }), ...kept });
    const access = { ...cluster, attach: instance.record().attach };
    const kube = await openAccess(access, context.env, limits.timeoutMs);
    // a native node that ran may have been restarted, for a process that it lacked
    return { cluster, kube, isNew: seen !== 'running' || findSupervisor(instance) !== before };
  },
  undo: async ({ machine: { instance, provider }, seen }, { signal }) => {
    // a cluster that ran before must not be ended: tasks may run there
    if (seen === 'running') return;
    // one that was stopped before is stopped again, with its data
    if (instance.record().cluster !== undefined) return provider.stop();
    // a foreign one that was stopped is not deleted, so it is stopped first
    if (isForeignCluster(instance)) await provider.stop();
    await provider.delete();
    // whoever interrupts a run looks for no reason in its logs
    await (signal.reason instanceof Interrupted ? removeInstance(instance) : abandonInstance(instance));
  },
});

export const loadImages = upStep({
  title: 'Load images',
  needs: { programs: prepareArtifacts, health: checkHealth },
  skip: ({ health, programs }) => (health ? unchanged(health) : !programs.images && 'the cluster pulls them itself'),
  run: async ({ programs }, context, { signal, report }): Promise<undefined> => {
    const { images, policyImages, taskImage, provider } = programs;
    const limits = { signal, report, timeoutMs: stageTimeoutMs(context) };
    const ofTasks = taskImage && { archive: taskImage.archive, refs: [taskImage.ref] };
    for (const one of [images, policyImages, ofTasks]) {
      if (one) await provider.loadImages(one.archive, one.refs, limits);
    }
  },
});

/** Pods can run from here on. */
export const awaitNode = upStep({
  title: 'Wait for the node',
  needs: { programs: prepareArtifacts, health: checkHealth, started: startCluster },
  skip: ({ health }) => health !== undefined && unchanged(health),
  run: async ({ programs, started: { cluster, kube, isNew } }, context, { signal, report }): Promise<undefined> => {
    // heartbeats of a node that ran before are minutes old: a fresh one is asked only of one that was started just now
    const since = isNew && cluster.provider === 'native' ? context.startedAt : new Date(0);
    const { nodeName: node, provider, kubeconfigPath } = cluster;
    const hint =
      provider === 'native'
        ? `see: taskgate logs kubelet --name ${context.config.name}`
        : `see: kubectl --kubeconfig ${kubeconfigPath} describe node ${node}`;
    const limits = { timeoutMs: stageTimeoutMs(context), signal };
    await Promise.all([
      programs.artifacts && kube.apply(clusterAdmins),
      waitForNode(kube, { ...limits, node, hint, since, onVerdict: report }),
      programs.provider.awaitProcesses?.(limits),
    ]);
  },
});
