import { hostname } from 'node:os';
import { getDockerInfo, usesDocker } from '../cluster/minikube/docker/daemon.ts';
import { findFarNode, isPublishable } from '../cluster/minikube/docker/place.ts';
import { whyNotPublished } from '../cluster/minikube/docker/published.ts';
import { minikube } from '../cluster/minikube/minikube.ts';
import type { ClusterProvider } from '../cluster/provider.ts';
import type { Config } from '../config/config.ts';
import type { Finding } from '../config/load.ts';
import { pins } from '../config/versions.ts';
import { listInstances } from '../instance/instance.ts';
import type { InstanceRecord, MinikubeResource, MinikubeTarget } from '../instance/record.ts';
import { UserError } from '../lib/errors.ts';
import { sha256 } from '../lib/files.ts';
import type { CommandContext, Folders, ProviderInput } from './context.ts';

const isMinikube = (resource: { readonly kind: string }): resource is MinikubeResource =>
  resource.kind === 'minikube-profile';

/** The Minikube provider of an instance. `recreate` counts only where a cluster is started. */
export const minikubeCluster = (
  { config, runner }: CommandContext,
  { instance, target: wanted }: ProviderInput,
): ClusterProvider => {
  const { name, minikube: place } = { ...instance.record(), ...wanted };
  if (!place) throw new Error(`instance ${name} names no profile, so it is no Minikube cluster`);
  const { program = 'minikube', ...made } = place;
  const spec = {
    ...made,
    name,
    instanceDir: instance.dir,
    kubernetesVersion: pins.kubernetes.version,
    recreate: config.recreate,
  };
  return minikube(spec, {
    runner,
    program,
    uid: process.getuid?.() ?? -1,
    resources: () => instance.record().journal.filter(isMinikube),
    journal: instance.journal,
    forget: instance.forget,
  });
};

/** Service ranges for Minikube clusters: Kubernetes' usual 10.96.0.0/12 in pieces, one for each instance. */
const serviceRanges = Array.from({ length: 15 }, (_, index) => `10.${97 + index}.0.0/16`);

/** Throws UserError `environment.no-service-range` when more instances than ranges exist. */
const chooseServiceCidr = (others: readonly InstanceRecord[]): string => {
  const taken = others.map((other) => other.minikube?.serviceCidr);
  const free = serviceRanges.find((range) => !taken.includes(range));
  if (free) return free;
  throw new UserError(`all service ranges from ${serviceRanges[0]} to ${serviceRanges.at(-1)} are in use`, {
    id: 'environment.no-service-range',
    hint: 'name another one with --minikube-service-cidr, or take an instance down',
  });
};

type Settings = {
  readonly config: Pick<Config, 'name' | 'minikube' | 'gateway'>;
  readonly folders: Pick<Folders, 'stateDir'>;
};

/**
 * The profile of a new instance. One Docker daemon has one container of a name, whoever starts it: the mark at the end is
 * that of this host and state folder. At most 56 characters, with the longest name.
 */
const defaultProfile = ({ config: { name }, folders: { stateDir } }: Settings): string =>
  `taskgate-${name}-${sha256(`${hostname()}:${stateDir}`).slice(0, 6)}`;

/** The ports of the Gateway's range, at the address of this host that is set for them. */
const portsOf = ({ config: { gateway } }: Settings, given: boolean): NonNullable<MinikubeTarget['published']> => ({
  ...{ address: gateway.forwardAddress, portRange: gateway.portRange, given },
});

/** An instance that was made with published ports keeps them, whatever `auto` would choose today. */
const publishedOf = (settings: Settings, made: MinikubeTarget | undefined): MinikubeTarget['published'] => {
  const isGiven = settings.config.gateway.reach === 'published';
  return isGiven || made?.published ? portsOf(settings, isGiven || made?.published?.given === true) : undefined;
};

/** The Minikube cluster that the settings ask for; what they leave open stays as the instance has it. */
export const placeOf = (settings: Settings, made: MinikubeTarget | undefined): MinikubeTarget => {
  const { profile, serviceCidr = made?.serviceCidr, startArgs, ...rest } = settings.config.minikube;
  const published = publishedOf(settings, made);
  return {
    ...rest,
    profile: profile ?? made?.profile ?? defaultProfile(settings),
    profileGiven: profile !== undefined || made?.profileGiven === true,
    startArgs: startArgs?.split(/\s+/).filter(Boolean) ?? [],
    ...(serviceCidr && { serviceCidr }),
    ...(published && { published }),
  };
};

/** Ports are published by what runs Minikube's node, as it makes it. */
export const findPublishProblems = ({ provider, minikube: { driver }, gateway }: Config): readonly Finding[] => {
  if (gateway.reach !== 'published') return [];
  const isOther = provider === 'native' || provider === 'attach';
  const why = isOther ? `ports of ${provider} clusters are not` : whyNotPublished(driver, gateway.portRange);
  const hint = isOther
    ? 'use --provider minikube, or another gateway.reach'
    : 'change that, or use another gateway.reach';
  return why === undefined
    ? []
    : [{ severity: 'error', path: 'gateway.reach', message: `is published, but ${why}`, hint }];
};

/** Only when a node is made can its ports be published, so `auto` must know before whether this host will reach the node. */
const isFarAway = async ({ config, runner }: CommandContext): Promise<boolean> => {
  const { driver } = config.minikube;
  if (whyNotPublished(driver, config.gateway.portRange) !== undefined) return false;
  const far = await findFarNode(runner, driver, usesDocker(driver) ? await getDockerInfo(runner) : {});
  return far !== undefined && isPublishable(driver, far);
};

/** A profile that is there already has its own service range. */
export const newPlace = async (context: CommandContext): Promise<MinikubeTarget> => {
  const { config, folders } = context;
  const isPublished = config.gateway.reach === 'auto' && (await isFarAway(context));
  const place = {
    ...placeOf({ config, folders }, undefined),
    ...(isPublished && { published: portsOf(context, false) }),
  };
  if (place.serviceCidr || place.profileGiven) return place;
  const others = (await listInstances(folders.stateDir)).filter(({ name }) => name !== config.name);
  return { ...place, serviceCidr: chooseServiceCidr(others) };
};
