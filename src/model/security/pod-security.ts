import { podSecurityAnnotation } from '../labels.ts';
import type { Finding } from '../path.ts';

/** The levels of Kubernetes' Pod Security Standards. */
export type PodSecurityLevel = 'baseline' | 'restricted' | 'privileged';

/** On a namespace; Pod Security admission refuses pods that violate this level. */
export const podSecurityLabel = 'pod-security.kubernetes.io/enforce';

/** Takes a level and its mark off a namespace's metadata, in a merge patch. */
export const withoutPodSecurity = {
  labels: { [podSecurityLabel]: null },
  annotations: { [podSecurityAnnotation]: null },
};

const violation = /violates PodSecurity "[^"]*": .*/;

/**
 * Why a namespace does not admit a pod, from the API server's message; undefined for another reason. Determined mounts a
 * folder of the node in trials and TensorBoards with `shared_fs`, and for `bind_mounts` (dockerMountsToHostVolumes).
 */
export const explainPodSecurity = (message: string): Finding | undefined => {
  const [cause] = violation.exec(message) ?? [];
  if (cause === undefined) return undefined;
  return {
    cause: `the namespace admits no such pod: it ${cause}`,
    hint: 'mount a PersistentVolumeClaim in place of a folder of the node (docs/pod-security.md), or admit such pods, and with them root in the node for every user of the master: --pod-security privileged',
  };
};
