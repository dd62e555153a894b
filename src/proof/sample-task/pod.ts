import { UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { isReady, type KubeEvent, type Pod } from '../../lib/kube/shapes.ts';
import { waitUntil } from '../../lib/wait.ts';
import { pullFailures } from '../../model/image-remedy.ts';
import { explainAdmission } from '../../model/security/admission.ts';
import { taskPods } from '../../model/task-objects.ts';
import { findPodTrouble } from '../diagnosis/pod-trouble.ts';
import type { SampleTask } from './task.ts';

/** The sample task's pod, ready, or why there is none. */
export type SamplePod =
  | { readonly ready: true; readonly name: string }
  | { readonly ready: false; readonly seen: string };

const finalReasons = [...pullFailures, 'CrashLoopBackOff'];

/** Whether waiting longer is useless; the master, too, fails a task at its first ImagePullBackOff. */
export const isUnrecoverable = ({ status }: Pod): boolean =>
  status?.phase === 'Failed' ||
  (status?.containerStatuses?.some(({ state }) => finalReasons.includes(state?.waiting?.reason ?? '')) ?? false);

/** Until the API server refuses the pod for good; undefined at the signal, and where events may not be read. */
const findRefusal = async (kube: Kube, task: SampleTask, signal: AbortSignal): Promise<string | undefined> => {
  const fieldSelector = `reason=FailedCreate,involvedObject.name=${task.jobName}`;
  const selection = { apiVersion: 'v1', kind: 'Event', namespace: task.namespace, fieldSelector };
  try {
    for await (const events of kube.watch<KubeEvent>(selection, signal)) {
      const message = events.map((event) => event.message ?? '').find((text) => explainAdmission(text)?.isFinal);
      if (message !== undefined)
        return `sample task is not ready: the Job has created no pod (FailedCreate: ${message})`;
    }
  } catch (error) {
    if (!(error instanceof UserError || error instanceof KubeError || signal.aborted)) throw error;
  }
  return undefined;
};

type Wait = { readonly timeoutMs: number; readonly signal?: AbortSignal };

/** Waits until the pod is ready or cannot become ready. Throws the reason of an abort. */
export const waitForSamplePod = async (kube: Kube, task: SampleTask, options: Wait): Promise<SamplePod> => {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  let refused: string | undefined;
  const looking = findRefusal(kube, task, signal).then((seen) => {
    refused = seen;
    if (seen !== undefined) stop.abort();
  });
  looking.catch(() => stop.abort()); // it may end before anybody waits for it
  try {
    const pods = await waitUntil(
      'Sample pod',
      (until) => kube.watch<Pod>(taskPods(task), until),
      (seen) => seen.some(isUnrecoverable) || (findPodTrouble(seen, [])?.cause ?? true),
      { ...options, signal, id: 'proof.pod-not-ready' },
    );
    const pod = pods.find(isReady);
    if (pod) return { ready: true, name: pod.metadata.name };
    return { ready: false, seen: findPodTrouble(pods, [])?.cause ?? 'it was deleted' };
  } catch (error) {
    if (refused !== undefined) return { ready: false, seen: refused };
    if (error instanceof UserError || error instanceof KubeError) return { ready: false, seen: error.message };
    throw error;
  } finally {
    stop.abort();
    await looking;
  }
};
