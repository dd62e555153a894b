import { instancePaths } from '../../instance/paths.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import type { ClusterProvider, ClusterState, StepLimits } from '../provider.ts';
import { describeCluster } from './describe.ts';
import { verifyPortsFree } from './docker/published.ts';
import { profileStore } from './images/profile-store.ts';
import { loadImages } from './images.ts';
import { inspectProfile } from './inspect.ts';
import { applyPlan, removeAll, startTimeoutMs, stopAll, verifyOurs } from './lifecycle.ts';
import { type Plan, planStart } from './plan.ts';
import type { ProfileState } from './profile.ts';
import type { MinikubeSpec, MinikubeTools } from './spec.ts';

const clusterStateOf = ({ state }: ProfileState): ClusterState => {
  if (state === 'missing') return 'absent';
  return state === 'running' ? 'running' : 'stopped';
};

/** The state of the node's container runtime, as this process has observed it. */
type Runtime = 'unknown' | 'starting' | 'ready';

/** Waits for the start of the cluster to begin, then without a short deadline until its runtime can load images. */
const awaitRuntime = async (look: () => Promise<Runtime>, logPath: string, { signal, timeoutMs }: StepLimits) => {
  const what = "the container runtime of Minikube's node";
  const options = { signal, id: 'cluster.minikube-runtime', hint: `see ${logPath}` } as const;
  const isBegun = (runtime: Runtime) => runtime !== 'unknown' || 'nothing starts it';
  await waitUntil(what, polling(look, 200), isBegun, { ...options, timeoutMs });
  const isReady = (runtime: Runtime) => runtime === 'ready' || 'not set up yet';
  await waitUntil(what, polling(look, 200), isReady, { ...options, timeoutMs: startTimeoutMs });
};

/** Whether Docker will listen on the published ports anew; a machine that stopped no longer does. */
const takesPorts = ({ action }: Plan, { state }: ProfileState): boolean =>
  action === 'create' || (action === 'start' && state === 'stopped');

/** A cluster of Minikube, on Docker or another of its drivers. */
export const minikube = (spec: MinikubeSpec, tools: MinikubeTools): ClusterProvider => {
  const { runner, program } = tools;
  const calls = { program, runner, instanceDir: spec.instanceDir };
  const provider = { spec, tools, minikube: calls };
  const inspect = () => inspectProfile(calls, spec);
  const find = async () => clusterStateOf(await inspect());
  let runtime: Runtime = 'unknown';
  // with `recreate`, a running cluster may be deleted: only the start knows
  const lookAtRuntime = async (): Promise<Runtime> =>
    runtime === 'unknown' && !spec.recreate && (await find()) === 'running' ? 'ready' : runtime;
  const onRuntimeReady = () => {
    runtime = 'ready';
  };

  return {
    find,
    verify: async () => {
      const found = await inspect();
      const plan = planStart(spec, found, tools.resources().at(-1));
      if (plan.action === 'use') return;
      await verifyOurs(provider, plan);
      if (spec.published && takesPorts(plan, found)) await verifyPortsFree(spec.published);
    },
    start: async (limits) => {
      const before = await inspect();
      const plan = planStart(spec, before, tools.resources().at(-1));
      runtime = 'starting';
      await applyPlan(provider, plan, { ...limits, onRuntimeReady });
      onRuntimeReady();
      return describeCluster(provider, plan.action === 'use' ? before : await inspect(), limits);
    },
    images: profileStore(calls, spec.profile),
    loadImages: async (archive, refs, limits) => {
      await awaitRuntime(lookAtRuntime, instancePaths(spec.instanceDir).minikubeLogPath, limits);
      const { profile, driver } = spec;
      await loadImages({ minikube: calls, profile, driver, archive, refs, ...limits });
    },
    stop: () => stopAll(provider),
    delete: () => removeAll(provider),
  };
};
