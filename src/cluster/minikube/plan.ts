import type { MinikubeResource } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import type { ProfileConfig, ProfileState } from './profile.ts';
import type { MinikubeSpec } from './spec.ts';

/** What must be done to a profile so that its cluster runs. */
export type Plan =
  | { readonly action: 'create' | 'use' | 'unpause' | 'start' }
  | { readonly action: 'recreate'; readonly because: string };

/** What of a profile is not as wanted. One that is not ours may have more than that. */
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
  ];
  return differences.flatMap(([what, wanted, found, fits]) =>
    fits ? [] : [`${what}: wanted ${wanted}, has ${found}`],
  );
};

const notOurs = ({ profile }: MinikubeSpec): UserError =>
  new UserError(`Minikube has a profile ${profile} already, and taskgate did not make it`, {
    id: 'cluster.minikube-not-ours',
    hint: `name it to use it (--minikube-profile ${profile}), name another one, or remove it: minikube delete --profile ${profile}`,
  });

const otherProfile = ({ profile }: MinikubeSpec, { profile: journalled }: MinikubeResource): UserError =>
  new UserError(`the instance has the Minikube profile ${journalled}, wanted ${profile}`, {
    id: 'cluster.minikube-drift',
    hint: 'take the instance down first, or leave --minikube-profile as it was',
  });

const unfit = ({ profile }: MinikubeSpec, reasons: readonly string[]): UserError =>
  new UserError(`Minikube's profile ${profile} does not fit: ${reasons.join('; ')}`, {
    id: 'cluster.minikube-drift',
    hint: 'change the settings to what it has, or add --recreate to delete it and make it again (its data is lost)',
  });

const actions = {
  running: 'use',
  paused: 'unpause',
  degraded: 'start',
  stopped: 'start',
  'no-machine': 'start',
} as const;

/**
 * Of a node in a container the part of Kubernetes that lies in /etc goes with the container. Minikube finds the rest in
 * the volume, takes it for whole, and waits six minutes for an API server that nothing starts.
 */
const isContainerGone = ({ state, config }: { readonly state: string; readonly config: ProfileConfig }): boolean =>
  state === 'no-machine' && ['docker', 'podman'].includes(config.Driver);

/** What is not as wanted, and whether it is broken, so that keeping it is no use. */
const findReasons = (spec: MinikubeSpec, found: Exclude<ProfileState, { state: 'missing' }>, isOwned: boolean) => {
  if (found.state === 'corrupted') return { isBroken: true, reasons: ['minikube cannot read its record'] };
  if (isContainerGone(found)) return { isBroken: true, reasons: ['its container was removed'] };
  return { isBroken: false, reasons: findDrift(spec, found.config, isOwned) };
};

/**
 * Decides what to do with a profile; one of ours that is broken is made again. Throws UserError `cluster.minikube-not-ours` for one that was neither made by this
 * instance nor named by the user, and `cluster.minikube-drift` for one that does not fit.
 */
export const planStart = (spec: MinikubeSpec, found: ProfileState, journalled?: MinikubeResource): Plan => {
  if (journalled && journalled.profile !== spec.profile) throw otherProfile(spec, journalled);
  if (found.state === 'missing') return { action: 'create' };
  if (!journalled && !spec.profileGiven) throw notOurs(spec);
  const isOwned = journalled?.owned ?? false;
  const { isBroken, reasons } = findReasons(spec, found, isOwned);
  if (reasons.length === 0 && 'config' in found) return { action: actions[found.state] };
  if (spec.recreate || (isBroken && isOwned)) return { action: 'recreate', because: reasons.join('; ') };
  throw unfit(spec, reasons);
};
