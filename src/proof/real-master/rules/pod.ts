// Tested in test/proof/real-master/real-master.broken-ways.test.ts
import type { ContainerStatus, Pod } from '../../../lib/kube/shapes.ts';
import { describeImageRemedy, pullFailures } from '../../../model/image-remedy.ts';
import { explainAdmission } from '../../../model/security/admission.ts';
import { explainPodSecurity } from '../../../model/security/pod-security.ts';
import type { TaskRule } from './rule.ts';

/** The pod's containers, those that prepare it first. */
export const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/** Determined's own container in a pod of a task. */
const mainContainer = 'determined-container';

/** Whether the task's container runs: what the master takes for the start of the task. */
export const runsTask = ({ status }: Pod): boolean => {
  const main = status?.containerStatuses?.find(({ name }) => name === mainContainer);
  return main ? main.state?.running !== undefined : status?.phase === 'Running';
};

/** A namespace that admits no pod of the task: its Job tries for ever, and the master waits. */
export const notAdmitted: TaskRule = {
  isFinal: true,
  find: ({ pods, events, taskId }) => {
    if (pods.length > 0) return undefined;
    const [finding] = events
      .filter(({ reason, involvedObject }) => reason === 'FailedCreate' && involvedObject?.name?.includes(taskId))
      .flatMap(({ message = '' }) => {
        const refusal = explainAdmission(message);
        return refusal?.isFinal ? [explainPodSecurity(message) ?? { cause: refusal.cause, hint: refusal.hint }] : [];
      });
    return finding && { ...finding, evidence: 'its Job has no pod' };
  },
};

/** Kubelet tries again with ever longer pauses; a master ends the task at its first ImagePullBackOff only. */
export const imageNotPulled: TaskRule = {
  isFinal: true,
  find: ({ pods, nodes }) => {
    const [failed] = pods
      .flatMap(statusesOf)
      .filter(({ state }) => pullFailures.includes(state?.waiting?.reason ?? ''));
    if (!failed) return undefined;
    const { reason, message } = failed.state?.waiting ?? {};
    const image = failed.image || 'of the task';
    return {
      cause: `the image of the task cannot be pulled: ${[reason, message].filter(Boolean).join(': ')}`,
      hint: `${describeImageRemedy(nodes, image)}; or give --master-image with one that the nodes have`,
    };
  },
};

/** The master learns of a running pod within moments, even on a busy machine. */
const longestNoticeMs = 10_000;

/** A pod that runs, and a master that does not get on: recorded with an account without get on pods/log. */
export const unnoticed: TaskRule = {
  isFinal: true,
  find: ({ state, runsForMs, noticeMs = longestNoticeMs }) =>
    state === 'STATE_STARTING' && runsForMs >= noticeMs
      ? {
          cause: 'the pod of the task runs, but the master does not notice',
          hint: 'its user needs get on pods/log (its log says: starting pod logs streamer): ask with taskgate config account --check-only KUBECONFIG; with the right, the node must serve logs',
          evidence: `STATE_STARTING, though its pod has run for ${Math.round(runsForMs / 1000)} s`,
        }
      : undefined,
};

/** No node takes the pod; one may be added. */
export const unscheduled: TaskRule = {
  isFinal: false,
  find: ({ pods }) => {
    const [condition] = pods
      .flatMap(({ status }) => status?.conditions ?? [])
      .filter(({ type, status }) => type === 'PodScheduled' && status === 'False');
    return (
      condition && {
        cause: `no node takes the pod of the task: ${condition.reason}: ${condition.message}`,
        hint: 'resolve that condition of the nodes: taints, pressure, requests that no node has room for; tasks avoid nodes that were disabled in the master',
      }
    );
  },
};
