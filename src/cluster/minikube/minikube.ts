import { polling, waitUntil } from '../../lib/wait.ts';
import type { ClusterProvider, ClusterState } from '../provider.ts';
import { askMinikube, type Minikube } from './call.ts';
import { listArgs, statusArgs } from './commands.ts';
import { describeCluster } from './describe.ts';
import { usesDocker, verifyDocker } from './docker.ts';
import { minikubeFailure } from './failures.ts';
import { loadImages } from './images.ts';
import { carryOut, type Provider, removeAll, stopAll } from './lifecycle.ts';
import { planStart } from './plan.ts';
import { type ProfileState, parseProfile } from './profile.ts';
import { type MinikubeSpec, type MinikubeTools, minikubePaths } from './spec.ts';

/**
 * How a profile is. Changes nothing. Throws UserError `environment.docker-*` where Docker does not answer, and
 * `environment.minikube-missing`.
 */
export const inspectProfile = async (
  minikube: Minikube,
  { profile, driver }: Pick<MinikubeSpec, 'profile' | 'driver'>,
): Promise<ProfileState> => {
  if (usesDocker(driver)) await verifyDocker(minikube.runner);
  const [list, status] = await Promise.all([
    askMinikube(minikube, listArgs),
    askMinikube(minikube, statusArgs(profile)),
  ]);
  if (list.exitCode === 0) return parseProfile(profile, list.stdout, status.stdout);
  const { logPath } = minikubePaths(minikube.instanceDir);
  throw minikubeFailure({ what: 'minikube profile list', result: list, logPath });
};

const clusterStateOf = ({ state }: ProfileState): ClusterState => {
  if (state === 'missing') return 'absent';
  return state === 'running' ? 'running' : 'stopped';
};

/** A cluster that Minikube makes, on Docker or another of its drivers. */
export const minikube = (spec: MinikubeSpec, tools: MinikubeTools): ClusterProvider => {
  const { runner, program } = tools;
  const calls: Minikube = { program, runner, instanceDir: spec.instanceDir };
  const provider: Provider = { spec, tools, minikube: calls };
  let runtime: 'unknown' | 'starting' | 'ready' = 'unknown';
  const onRuntimeReady = () => {
    runtime = 'ready';
  };
  const inspect = () => inspectProfile(calls, spec);
  const find = async () => clusterStateOf(await inspect());
  const isRuntimeReady = async () => (runtime === 'unknown' ? (await find()) === 'running' : runtime === 'ready');

  return {
    find,
    start: async (limits) => {
      const before = await inspect();
      const plan = planStart(spec, before, tools.resources().at(-1));
      runtime = 'starting';
      await carryOut(provider, plan, { ...limits, onRuntimeReady });
      onRuntimeReady();
      return describeCluster(provider, plan.action === 'use' ? before : await inspect(), limits);
    },
    loadImages: async (archive, refs, limits) => {
      const judge = (isReady: boolean) => isReady || 'not set up yet';
      await waitUntil("the container runtime of Minikube's node", polling(isRuntimeReady, 200), judge, {
        ...limits,
        id: 'cluster.minikube-runtime',
        hint: `see ${minikubePaths(spec.instanceDir).logPath}`,
      });
      await loadImages({ minikube: calls, profile: spec.profile, archive, refs, ...limits });
    },
    stop: () => stopAll(provider),
    delete: () => removeAll(provider),
  };
};
