// Tested in test/cluster/minikube/minikube.test.ts
import { setTimeout as pause } from 'node:timers/promises';
import type { MinikubeResource } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import type { StepLimits } from '../provider.ts';
import { type Minikube, runMinikube } from './call.ts';
import { deleteArgs, startArgs, stopArgs, unpauseArgs } from './commands.ts';
import { rememberContainer, verifySameContainer, verifyUnused } from './docker/container.ts';
import { findLeftovers, usesDocker, verifyDocker } from './docker/daemon.ts';
import { describeEvent, isRuntimeReady, parseEvent } from './events.ts';
import { inspectProfile } from './inspect.ts';
import type { Plan } from './plan.ts';
import type { MinikubeSpec, MinikubeTools } from './spec.ts';

/** One instance's profile, with the tools for it. */
export type Provider = { readonly spec: MinikubeSpec; readonly tools: MinikubeTools; readonly minikube: Minikube };

type Profile = Pick<MinikubeResource, 'profile' | 'driver' | 'containerId'>;

const slowMs = 300_000;
const deleteTries = 3;
const usualSettleMs = 500;

const deleteOnce = async (minikube: Minikube, { profile, driver }: Profile): Promise<readonly string[]> => {
  await runMinikube(minikube, deleteArgs(profile), { timeoutMs: slowMs });
  return usesDocker(driver) ? findLeftovers(minikube.runner, profile) : [];
};

/**
 * Deletes a profile, verifies that, and retries: a `docker run` of an interrupted start may finish only now. Throws
 * UserError `cluster.minikube-leftovers`, and `cluster.minikube-not-ours` for a container that is somebody else's.
 */
const deleteProfile = async (minikube: Minikube, profile: Profile, settleMs = usualSettleMs): Promise<void> => {
  if (usesDocker(profile.driver)) await verifyDocker(minikube.runner);
  await verifySameContainer(minikube.runner, profile);
  let left = await deleteOnce(minikube, profile);
  for (let tries = 1; left.length > 0 && tries < deleteTries; tries++) {
    await pause(settleMs);
    left = await deleteOnce(minikube, profile);
  }
  if (left.length === 0) return;
  throw new UserError(`minikube reports that ${profile.profile} is deleted, but Docker still has ${left.join(', ')}`, {
    id: 'cluster.minikube-leftovers',
    hint: 'run down again; if that does not help, remove them with docker rm, docker volume rm, docker network rm',
  });
};

/** Deletes the profiles that taskgate created, and removes all from the journal, newest first. */
export const removeAll = async ({ minikube, tools }: Provider): Promise<void> => {
  for (const resource of tools.resources().toReversed()) {
    if (resource.owned) await deleteProfile(minikube, resource, tools.settleMs);
    await tools.forget(resource);
  }
};

/** Stops all profiles of the instance. A paused one is unpaused first: frozen processes cannot stop. */
export const stopAll = async ({ minikube, tools }: Provider): Promise<void> => {
  for (const resource of tools.resources()) {
    const { state } = await inspectProfile(minikube, resource);
    await verifySameContainer(minikube.runner, resource);
    if (state === 'paused') await runMinikube(minikube, unpauseArgs(resource.profile));
    const isUp = state === 'running' || state === 'paused' || state === 'degraded';
    if (isUp) await runMinikube(minikube, stopArgs(resource.profile), { timeoutMs: slowMs });
  }
};

const isOwned = ({ resources }: MinikubeTools): boolean => resources().at(-1)?.owned ?? false;

/**
 * The journal has one profile; a new entry is written before the old one is removed. That of a container that is gone has no
 * id until there is another.
 */
const updateJournal = async ({ spec, tools }: Provider, owned: boolean, isNew: boolean): Promise<void> => {
  const found = tools.resources();
  const { profile, driver } = spec;
  const last = found.at(-1);
  const isKept = !isNew || last?.containerId === undefined;
  if (last?.owned === owned && last.driver === driver && isKept) return;
  await tools.journal({ kind: 'minikube-profile', profile, driver, owned });
  for (const resource of found) await tools.forget(resource);
};

/** `onRuntimeReady`: called when the node's container runtime can load images. */
export type StartLimits = StepLimits & { readonly onRuntimeReady: () => void };

/** Minikube has its own deadlines, and downloads may be slow: normally the signal ends the start. */
export const startTimeoutMs = 3_600_000;

/** Runs `minikube start` and reports its events. */
const startProfile = async ({ spec, tools, minikube }: Provider, limits: StartLimits): Promise<void> => {
  const { onRuntimeReady, signal, report } = limits;
  const onLine = (line: string) => {
    const event = parseEvent(line);
    if (!event) return;
    if (isRuntimeReady(event)) onRuntimeReady();
    const text = describeEvent(event);
    if (text) report?.(text);
  };
  const args = startArgs(spec, { uid: tools.uid, isOwned: isOwned(tools) });
  await runMinikube(minikube, args, { signal, timeoutMs: startTimeoutMs, onLine });
};

/** After an interrupted start, removes a profile that it was creating, and keeps one that existed before. */
const cleanUp = async (provider: Provider, isNew: boolean, report: StepLimits['report']): Promise<void> => {
  const { profile } = provider.spec;
  if (isNew) await removeAll(provider);
  const outcome = isNew
    ? `the incomplete profile ${profile} was removed`
    : `the profile ${profile} is kept, and the next up continues with it`;
  report?.(`minikube: the start was interrupted; ${outcome}`);
};

/** Throws UserError `cluster.minikube-not-ours` where the plan would end a container that is somebody else's. */
export const verifyOurs = async ({ spec, tools, minikube }: Provider, { action }: Plan): Promise<void> => {
  const last = tools.resources().at(-1);
  if (action === 'create') await verifyUnused(minikube.runner, spec, last);
  if (last) await verifySameContainer(minikube.runner, last);
};

/** Applies a plan; the journal is updated before. */
export const applyPlan = async (provider: Provider, plan: Plan, limits: StartLimits): Promise<void> => {
  const { spec, tools, minikube } = provider;
  const isNew = plan.action === 'create' || plan.action === 'recreate';
  await verifyOurs(provider, plan);
  if (plan.action === 'recreate') {
    limits.report?.(`minikube: deleting ${spec.profile} (${plan.because})`);
    await deleteProfile(minikube, { ...tools.resources().at(-1), ...spec });
  }
  await updateJournal(provider, isNew || isOwned(tools), isNew);
  if (plan.action === 'use') return rememberContainer(minikube.runner, tools);
  try {
    if (plan.action === 'unpause') await runMinikube(minikube, unpauseArgs(spec.profile), limits);
    else await startProfile(provider, limits);
    await rememberContainer(minikube.runner, tools);
  } catch (error) {
    // what kept the cluster from starting counts, not that Docker does not tell an id
    await rememberContainer(minikube.runner, tools).catch(() => undefined);
    if (limits.signal.aborted) await cleanUp(provider, isNew, limits.report);
    throw error;
  }
};
