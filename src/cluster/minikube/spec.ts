import type { MinikubeResource, MinikubeTarget } from '../../instance/record.ts';
import type { Runner } from '../../lib/process/runner.ts';

/** All that one Minikube cluster is made from. */
export type MinikubeSpec = Omit<MinikubeTarget, 'program'> & {
  readonly name: string;
  /** The instance's folder; its kubeconfig and logs lie there. Minikube keeps the rest in its own home. */
  readonly instanceDir: string;
  /** A profile that does not fit may be deleted and made again. */
  readonly recreate: boolean;
  /** As in `v1.34.4`. */
  readonly kubernetesVersion: string;
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
  /** Before a profile that is not gone is deleted once more; 0.5 s unless given. */
  readonly settleMs?: number;
};

/** Files and folders below the instance's folder. */
export const minikubePaths = (instanceDir: string) => ({
  kubeconfigPath: `${instanceDir}/kubeconfig`,
  /** What `minikube start` said. */
  logPath: `${instanceDir}/logs/minikube.log`,
  /** Minikube's own debug logs, which it else leaves in /tmp. */
  debugLogsDir: `${instanceDir}/minikube`,
});
