import { isIP } from 'node:net';
import { UserError } from '../../lib/errors.ts';
import type { Runner } from '../../lib/runner.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import type { Cluster } from '../../steps/values.ts';
import type { ClusterProvider, ClusterState, StepLimits } from '../provider.ts';
import { askMinikube, type Minikube, runMinikube } from './call.ts';
import {
  deleteArgs,
  hostAddressArgs,
  listArgs,
  startArgs,
  statusArgs,
  stopArgs,
  unpauseArgs,
  updateContextArgs,
} from './commands.ts';
import { findLeftovers, verifyDocker } from './docker.ts';
import { describeEvent, isRuntimeReady, parseEvent } from './events.ts';
import { minikubeFailure } from './failures.ts';
import { loadImages } from './images.ts';
import { settleKubeconfig } from './kubeconfig.ts';
import { type Plan, planStart } from './plan.ts';
import { type ProfileState, parseProfile } from './profile.ts';
import { type MinikubeResource, type MinikubeSpec, minikubePaths } from './spec.ts';

/** What the provider needs from others: each is a plain function, so that parts stay apart. */
export type MinikubeTools = {
  readonly runner: Runner;
  /** Name or path of minikube. */
  readonly program: string;
  readonly uid: number;
  /** What the instance's journal holds of Minikube now. */
  readonly resources: () => readonly MinikubeResource[];
  /** Writes a resource to the journal; awaited before it is made. */
  readonly journal: (resource: MinikubeResource) => Promise<void>;
  /** Strikes a resource from the journal, after it was removed. */
  readonly forget: (resource: MinikubeResource) => Promise<void>;
  /** Told in one line what minikube is doing. */
  readonly report?: (line: string) => void;
};

type Provider = { readonly spec: MinikubeSpec; readonly tools: MinikubeTools; readonly minikube: Minikube };

const usesDocker = (driver: string): boolean => driver === 'docker';

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

const stateOf = ({ state }: ProfileState): ClusterState =>
  state === 'missing' ? 'absent' : state === 'running' ? 'running' : 'stopped';

/** Deletes a profile and looks whether it is gone. Throws UserError `cluster.minikube-leftovers` when it is not. */
const deleteProfile = async ({ minikube }: Provider, profile: string, driver: string): Promise<void> => {
  const { runner } = minikube;
  if (usesDocker(driver)) await verifyDocker(runner);
  await runMinikube(minikube, deleteArgs(profile), { timeoutMs: 300_000 });
  const left = usesDocker(driver) ? await findLeftovers(runner, profile) : [];
  if (left.length === 0) return;
  throw new UserError(`minikube says that ${profile} is deleted, but Docker still has ${left.join(', ')}`, {
    id: 'cluster.minikube-leftovers',
    hint: 'run down again; if that does not help, remove them with docker rm, docker volume rm, docker network rm',
  });
};

const removeResource = async (provider: Provider, resource: MinikubeResource): Promise<void> => {
  if (resource.owned) await deleteProfile(provider, resource.profile, resource.driver);
  await provider.tools.forget(resource);
};

const removeAll = async (provider: Provider): Promise<void> => {
  for (const resource of provider.tools.resources().toReversed()) await removeResource(provider, resource);
};

const journalOnce = async ({ spec, tools }: Provider, owned: boolean): Promise<void> => {
  const wanted: MinikubeResource = { kind: 'minikube-profile', profile: spec.profile, driver: spec.driver, owned };
  const [found] = tools.resources();
  if (found?.owned === owned) return;
  await tools.journal(wanted);
  if (found) await tools.forget(found);
};

/** Runs `minikube start`; each of its events goes to `onEvent` and, put into words, to the report. */
const startProfile = async (
  { spec, tools, minikube }: Provider,
  limits: StepLimits,
  onRuntimeReady: () => void,
): Promise<void> => {
  const onLine = (line: string) => {
    const event = parseEvent(line);
    if (!event) return;
    if (isRuntimeReady(event)) onRuntimeReady();
    const text = describeEvent(event);
    if (text) tools.report?.(text);
  };
  await runMinikube(minikube, startArgs(spec, tools.uid), { ...limits, onLine });
};

/** After a start that was cut short: a profile that it had begun to make goes, one that was there before stays. */
const tidyUp = async (provider: Provider, { action }: Plan): Promise<void> => {
  const { spec, tools } = provider;
  if (action === 'create' || action === 'recreate') {
    await removeAll(provider);
    tools.report?.(`minikube: interrupted; the half-made profile ${spec.profile} was removed`);
  } else {
    tools.report?.(`minikube: interrupted; the profile ${spec.profile} stays, and the next up goes on with it`);
  }
};

const carryOut = async (provider: Provider, plan: Plan, limits: StepLimits & { onRuntimeReady: () => void }) => {
  const { spec, tools, minikube } = provider;
  const { onRuntimeReady, ...rest } = limits;
  const isNew = plan.action === 'create' || plan.action === 'recreate';
  if (plan.action === 'recreate') {
    tools.report?.(`minikube: deleting ${spec.profile} (${plan.because})`);
    await deleteProfile(provider, spec.profile, spec.driver);
  }
  await journalOnce(provider, isNew || (tools.resources()[0]?.owned ?? false));
  if (plan.action === 'use') return;
  try {
    if (plan.action === 'unpause') await runMinikube(minikube, unpauseArgs(spec.profile), rest);
    else await startProfile(provider, rest, onRuntimeReady);
  } catch (error) {
    if (limits.signal.aborted) await tidyUp(provider, plan);
    throw error;
  }
};

const findHostAddress = async ({ spec, minikube }: Provider, limits: StepLimits): Promise<string> => {
  const { stdout } = await runMinikube(minikube, hostAddressArgs(spec.profile), limits);
  const address = stdout.trim().split(/\s+/)[0] ?? '';
  if (isIP(address)) return address;
  throw new UserError(`the node of ${spec.profile} knows no host.minikube.internal`, {
    id: 'cluster.minikube-no-host',
    hint: `run: minikube start --profile ${spec.profile}, which writes it`,
  });
};

/** Gives the instance a kubeconfig that leads to the profile, and tells where the cluster is. */
const describeCluster = async (provider: Provider, limits: StepLimits): Promise<Cluster> => {
  const { spec, minikube } = provider;
  const { kubeconfigPath } = minikubePaths(spec.instanceDir);
  const [found, hostAddress] = await Promise.all([inspectProfile(minikube, spec), findHostAddress(provider, limits)]);
  if (!('config' in found)) {
    throw new UserError(`Minikube's profile ${spec.profile} is ${found.state} right after its start`, {
      id: 'cluster.minikube-vanished',
      hint: 'does something else delete it? Run up again',
    });
  }
  if (!found.isReachable) await runMinikube(minikube, updateContextArgs(spec.profile), limits);
  await settleKubeconfig(kubeconfigPath, spec.profile);
  return {
    name: spec.name,
    provider: 'minikube',
    kubeconfigPath,
    kubeContext: spec.profile,
    nodeName: spec.profile,
    nodeAddress: found.config.Nodes[0]?.IP ?? '',
    hostAddress,
  };
};

/** A cluster that Minikube makes, on Docker or another of its drivers. */
export const minikube = (spec: MinikubeSpec, tools: MinikubeTools): ClusterProvider => {
  const { runner, program } = tools;
  const provider: Provider = { spec, tools, minikube: { program, runner, instanceDir: spec.instanceDir } };
  let runtime: 'unknown' | 'starting' | 'ready' = 'unknown';
  const find = async () => stateOf(await inspectProfile(provider.minikube, spec));

  const isRuntimeThere = async (): Promise<boolean> =>
    runtime === 'unknown' ? (await find()) === 'running' : runtime === 'ready';

  return {
    find,
    start: async (limits) => {
      const plan = planStart(spec, await inspectProfile(provider.minikube, spec), tools.resources()[0]);
      runtime = 'starting';
      const onRuntimeReady = () => {
        runtime = 'ready';
      };
      await carryOut(provider, plan, { ...limits, onRuntimeReady });
      onRuntimeReady();
      return describeCluster(provider, limits);
    },
    loadImages: async (archive, refs, limits) => {
      const judge = (isThere: boolean) => isThere || 'not set up yet';
      await waitUntil("the container runtime of Minikube's node", polling(isRuntimeThere, 200), judge, {
        ...limits,
        id: 'cluster.minikube-runtime',
        hint: `see ${minikubePaths(spec.instanceDir).logPath}`,
      });
      await loadImages({ minikube: provider.minikube, profile: spec.profile, archive, refs, ...limits });
    },
    stop: async () => {
      for (const { profile, driver } of tools.resources()) {
        if (usesDocker(driver)) await verifyDocker(runner);
        await runMinikube(provider.minikube, stopArgs(profile), { timeoutMs: 300_000 });
      }
    },
    delete: () => removeAll(provider),
  };
};
