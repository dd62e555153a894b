import { hostname } from 'node:os';
import { minikube } from '../cluster/minikube/minikube.ts';
import type { ClusterProvider } from '../cluster/provider.ts';
import type { Config } from '../config/config.ts';
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

type Settings = { readonly config: Pick<Config, 'name' | 'minikube'>; readonly folders: Pick<Folders, 'stateDir'> };

/**
 * The profile of a new instance. One Docker daemon has one container of a name, whoever starts it: the mark at the end is
 * that of this host and state folder. At most 56 characters, with the longest name.
 */
const defaultProfile = ({ config: { name }, folders: { stateDir } }: Settings): string =>
  `taskgate-${name}-${sha256(`${hostname()}:${stateDir}`).slice(0, 6)}`;

/** The Minikube cluster that the settings ask for; what they leave open stays as the instance has it. */
export const placeOf = (settings: Settings, made: MinikubeTarget | undefined): MinikubeTarget => {
  const { profile, serviceCidr = made?.serviceCidr, startArgs, ...rest } = settings.config.minikube;
  return {
    ...rest,
    profile: profile ?? made?.profile ?? defaultProfile(settings),
    profileGiven: profile !== undefined || made?.profileGiven === true,
    startArgs: startArgs?.split(/\s+/).filter(Boolean) ?? [],
    ...(serviceCidr && { serviceCidr }),
  };
};

/** A profile that is there already has its own service range. Tested in test/commands/up/check-machine.test.ts. */
export const newPlace = async ({ config, folders }: CommandContext): Promise<MinikubeTarget> => {
  const place = placeOf({ config, folders }, undefined);
  if (place.serviceCidr || place.profileGiven) return place;
  const others = (await listInstances(folders.stateDir)).filter(({ name }) => name !== config.name);
  return { ...place, serviceCidr: chooseServiceCidr(others) };
};
