import type { Runner } from '../../lib/runner.ts';

/** All that one Minikube cluster is made from. */
export type MinikubeSpec = {
  readonly name: string;
  /** The instance's folder; its kubeconfig and logs lie there. Minikube keeps the rest in its own home. */
  readonly instanceDir: string;
  readonly profile: string;
  /** The user named the profile: then one that is there may be used, and recreated with `recreate`. */
  readonly profileGiven: boolean;
  /** A profile that does not fit may be deleted and made again. */
  readonly recreate: boolean;
  /** As in `v1.34.4`. */
  readonly kubernetesVersion: string;
  /** What Minikube runs on: docker, kvm2, ... */
  readonly driver: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly serviceCidr?: string;
  readonly baseImage?: string;
  /** Added to `minikube start` as they are, after ours. */
  readonly startArgs: readonly string[];
};

/** What a Minikube cluster is outside its instance's folder. Journalled before it is made or used. */
export type MinikubeResource = {
  readonly kind: 'minikube-profile';
  readonly profile: string;
  readonly driver: string;
  /** Made by taskgate, and deleted with the instance; one that was there before stays. */
  readonly owned: boolean;
};

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

/** Files and folders below the instance's folder. */
export const minikubePaths = (instanceDir: string) => ({
  kubeconfigPath: `${instanceDir}/kubeconfig`,
  /** What `minikube start` said. */
  logPath: `${instanceDir}/logs/minikube.log`,
  /** Minikube's own debug logs, which it else leaves in /tmp. */
  debugLogsDir: `${instanceDir}/minikube`,
});
