import { nameFlag } from '../../instance/name-flag.ts';
import type { MinikubeResource } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import { describePorts, findCovering, parsePublished } from './docker/published.ts';
import type { ProfileConfig, ProfileState } from './profile.ts';
import type { MinikubeSpec } from './spec.ts';

/** How to get a profile running. */
export type Plan =
  | { readonly action: 'create' | 'use' | 'unpause' | 'start' }
  | { readonly action: 'recreate'; readonly because: string };

/** Published ports are fixed with the container; of a profile that is not ours they are asked only where the user wants them. */
const portsDrift = ({ published }: MinikubeSpec, exposed: ProfileConfig['ExposedPorts'], isOwned: boolean) => {
  const has = parsePublished(exposed ?? []);
  const fits = !published || !(isOwned || published.given) || findCovering(published, has) !== undefined;
  const wanted = published ? describePorts(published) : 'none';
  return ['published ports', wanted, has.map(describePorts).join(', ') || 'none', fits] as const;
};

/** Differences between a profile and its specification. A profile that taskgate did not create may be larger. */
const findDrift = (spec: MinikubeSpec, config: ProfileConfig, isOwned: boolean): readonly string[] => {
  const { KubernetesVersion, ContainerRuntime, ServiceCIDR } = config.KubernetesConfig;
  const isEnough = (wanted: number, found: number) => (isOwned ? found === wanted : found >= wanted);
  const differences: readonly (readonly [string, string | number, string | number, boolean])[] = [
    ['Kubernetes', spec.kubernetesVersion, KubernetesVersion, spec.kubernetesVersion === KubernetesVersion],
    ['driver', spec.driver, config.Driver, spec.driver === config.Driver],
    ['container runtime', 'containerd', ContainerRuntime, ContainerRuntime === 'containerd'],
    ['CPUs', spec.cpus, config.CPUs, isEnough(spec.cpus, config.CPUs)],
    ['memory in MB', spec.memoryMb, config.Memory, isEnough(spec.memoryMb, config.Memory)],
    ['service CIDR', spec.serviceCidr ?? '', ServiceCIDR, !spec.serviceCidr || spec.serviceCidr === ServiceCIDR],
    portsDrift(spec, config.ExposedPorts, isOwned),
  ];
  return differences.flatMap(([what, want, have, fits]) => (fits ? [] : [`${what}: wanted ${want}, has ${have}`]));
};

const notOurs = ({ profile }: MinikubeSpec): UserError =>
  new UserError(`Minikube already has a profile ${profile}, and taskgate did not create it`, {
    id: 'cluster.minikube-not-ours',
    hint: `use it with --minikube-profile ${profile}, choose another name, or delete it: minikube delete --profile ${profile}`,
  });

const otherProfile = ({ profile }: MinikubeSpec, { profile: journalled }: MinikubeResource): UserError =>
  new UserError(`the instance has the Minikube profile ${journalled}, wanted ${profile}`, {
    id: 'cluster.minikube-drift',
    hint: 'run down first, or keep the previous --minikube-profile',
  });

const recreating = 'delete and recreate it (its data is lost)';

/** A cluster that runs well for its user is attached to as it is. */
const howToKeep = ({ name, profile }: MinikubeSpec, { state }: ProfileState, isJournalled: boolean): string => {
  const named = nameFlag(name);
  const first = [
    ...(isJournalled ? [`taskgate down${named}`] : []),
    ...(state === 'running' || state === 'degraded' ? [] : [`minikube start --profile ${profile}`]),
  ];
  const attach = `taskgate up${named} --provider attach --context ${profile} --allow-context ${profile}`;
  return `use it as it is: ${[...first, attach].join(' && ')}; or leave --minikube-profile out for a profile of taskgate's own; or add --recreate to ${recreating}`;
};

type Mismatch = {
  readonly reasons: readonly string[];
  readonly found: ProfileState;
  readonly journalled?: MinikubeResource;
};

const mismatch = (spec: MinikubeSpec, { reasons, found, journalled }: Mismatch): UserError => {
  const isKept = !journalled?.owned && 'config' in found && found.state !== 'no-machine';
  return new UserError(`Minikube's profile ${spec.profile} does not match: ${reasons.join('; ')}`, {
    id: 'cluster.minikube-drift',
    hint: isKept
      ? howToKeep(spec, found, journalled !== undefined)
      : `adapt the settings, or add --recreate to ${recreating}`,
  });
};

const actions = {
  running: 'use',
  paused: 'unpause',
  degraded: 'start',
  stopped: 'start',
  'no-machine': 'start',
} as const;

/**
 * Why a profile cannot be used unchanged, and whether it is broken beyond repair. If a node's container was removed, the
 * part of Kubernetes in /etc is lost. Minikube finds the rest in the volume, assumes that it is complete, and waits six
 * minutes for an API server that nothing starts.
 */
const findReasons = (spec: MinikubeSpec, found: ProfileState, isOwned: boolean) => {
  if (!('config' in found)) return { isBroken: true, reasons: ['minikube cannot read its configuration'] };
  if (found.state === 'no-machine' && ['docker', 'podman'].includes(found.config.Driver))
    return { isBroken: true, reasons: ['its container was removed'] };
  return { isBroken: false, reasons: findDrift(spec, found.config, isOwned) };
};

/**
 * Decides what to do with a profile; a broken one is recreated if taskgate created it. Throws UserError
 * `cluster.minikube-not-ours` for a profile that this instance did not create and the user did not name, and
 * `cluster.minikube-drift` for one that does not match.
 */
export const planStart = (spec: MinikubeSpec, found: ProfileState, journalled?: MinikubeResource): Plan => {
  if (journalled && journalled.profile !== spec.profile) throw otherProfile(spec, journalled);
  if (found.state === 'missing') return { action: 'create' };
  if (!journalled && !spec.profileGiven) throw notOurs(spec);
  const isOwned = journalled?.owned ?? false;
  const { isBroken, reasons } = findReasons(spec, found, isOwned);
  if (reasons.length === 0 && 'config' in found) return { action: actions[found.state] };
  if (spec.recreate || (isBroken && isOwned)) return { action: 'recreate', because: reasons.join('; ') };
  throw mismatch(spec, { reasons, found, ...(journalled && { journalled }) });
};
