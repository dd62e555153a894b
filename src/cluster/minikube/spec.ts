// Tested in test/golden/specs.test.ts
import type { MinikubeResource, MinikubeTarget } from '../../instance/record.ts';
import type { Runner } from '../../lib/process/runner.ts';
import type { ProviderJournal } from '../provider.ts';

export type MinikubeSpec = Omit<MinikubeTarget, 'program'> & {
  readonly name: string;
  /** The instance's folder, with its kubeconfig and logs. Minikube keeps everything else in its own home. */
  readonly instanceDir: string;
  /** A profile that does not match may be deleted and recreated. */
  readonly recreate: boolean;
  /** As in `v1.34.4`. */
  readonly kubernetesVersion: string;
};

/** What the provider gets from its caller. */
export type MinikubeTools = ProviderJournal<MinikubeResource> & {
  readonly runner: Runner;
  /** Name or path of minikube. */
  readonly program: string;
  readonly uid: number;
  /** Before a profile that is not gone is deleted once more; 0.5 s unless given. */
  readonly settleMs?: number;
};
