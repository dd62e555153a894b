import { type Kube, KubeError } from '../../lib/kube/client.ts';
import type { KubeEvent } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import type { Finding } from '../../model/path.ts';
import { explainPodSecurity } from '../../model/security/pod-security.ts';

type Job = KubeObject & { readonly status?: { readonly active?: number; readonly succeeded?: number } };

/** A task's Job whose pods the namespace refuses. */
export type RefusedTask = { readonly job: string; readonly finding: Finding };

const readAll = async <T extends KubeObject>(kube: Kube, kind: string, apiVersion: string, namespace: string) => {
  try {
    return await kube.list<T>({ apiVersion, kind, namespace });
  } catch (error) {
    // what may not be read is not judged
    if (error instanceof KubeError) return [];
    throw error;
  }
};

/** Determined's master waits for the pods of such a Job for ever: only the Job's events have the reason. */
export const findRefusedTasks = async (kube: Kube, namespace: string): Promise<readonly RefusedTask[]> => {
  const [events, jobs] = await Promise.all([
    readAll<KubeEvent>(kube, 'Event', 'v1', namespace),
    readAll<Job>(kube, 'Job', 'batch/v1', namespace),
  ]);
  return jobs
    .filter(({ status }) => !status?.active && !status?.succeeded)
    .flatMap(({ metadata: { name } }): readonly RefusedTask[] => {
      const [finding] = events
        .filter(({ reason, involvedObject }) => reason === 'FailedCreate' && involvedObject?.name === name)
        .flatMap(({ message = '' }) => explainPodSecurity(message) ?? []);
      return finding ? [{ job: name, finding }] : [];
    });
};
