import { UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { isReady, type Pod } from '../../lib/kube/shapes.ts';
import { waitUntil } from '../../lib/wait.ts';
import { taskPods } from '../../model/task-objects.ts';
import { findPodTrouble } from '../diagnosis/pod-trouble.ts';
import type { SampleTask } from './task.ts';

/** The sample task's pod, ready, or why there is none. */
export type SamplePod =
  | { readonly ready: true; readonly name: string }
  | { readonly ready: false; readonly seen: string };

const finalReasons = ['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName', 'CrashLoopBackOff'];

/** Whether waiting longer is useless; the master, too, fails a task at its first ImagePullBackOff. */
export const isUnrecoverable = ({ status }: Pod): boolean =>
  status?.phase === 'Failed' ||
  (status?.containerStatuses?.some(({ state }) => finalReasons.includes(state?.waiting?.reason ?? '')) ?? false);

/** Waits until the pod is ready or cannot become ready. Throws the reason of an abort. */
export const waitForSamplePod = async (
  kube: Kube,
  task: SampleTask,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<SamplePod> => {
  try {
    const pods = await waitUntil(
      'Sample pod',
      (signal) => kube.watch<Pod>(taskPods(task), signal),
      (seen) => seen.some(isUnrecoverable) || (findPodTrouble(seen, [])?.cause ?? true),
      { ...options, id: 'proof.pod-not-ready' },
    );
    const pod = pods.find(isReady);
    if (pod) return { ready: true, name: pod.metadata.name };
    return { ready: false, seen: findPodTrouble(pods, [])?.cause ?? 'it was deleted' };
  } catch (error) {
    if (error instanceof UserError || error instanceof KubeError) return { ready: false, seen: error.message };
    throw error;
  }
};
