import type { Conditioned, Gateway, Pod } from '../../lib/kube/shapes.ts';
import type { Verdict } from '../../lib/wait.ts';

/** Whether a condition is True, for the object's current generation if the condition has one. */
const holds = ({ metadata, status }: Conditioned, type: string): Verdict => {
  const condition = status?.conditions?.find((one) => one.type === type);
  if (!condition) return `no ${type} condition yet`;
  const { generation = 0 } = metadata;
  const { observedGeneration: observed = generation, message, reason } = condition;
  if (observed < generation) return `${type} is of generation ${observed}, not ${generation} yet`;
  if (condition.status === 'True') return true;
  const why = [reason, message].filter(Boolean).join(': ');
  return `${type}=${condition.status}${why ? ` (${why})` : ''}`;
};

/** Of names that another CRD has, `Established` says only that there are some. */
export const isEstablished = (crd: Conditioned): Verdict => {
  const verdict = holds(crd, 'Established');
  if (verdict === true) return true;
  const names = crd.status?.conditions?.find(({ type, status }) => type === 'NamesAccepted' && status === 'False');
  return `${crd.metadata.name}: ${verdict}${names?.message ? `: ${names.message}` : ''}`;
};

/** For GatewayClass and Gateway. */
export const isAccepted = (object: Conditioned): Verdict => holds(object, 'Accepted');

/** Accepted and Programmed. Contour sets Programmed even without an address. */
export const isProgrammed = (gateway: Gateway): Verdict => {
  const accepted = isAccepted(gateway);
  if (accepted !== true) return accepted;
  const programmed = holds(gateway, 'Programmed');
  if (programmed === true) return true;
  const refused = gateway.status?.listeners?.find((one) => holds({ ...gateway, status: one }, 'Accepted') !== true);
  const message = refused?.conditions?.find(({ type }) => type === 'Accepted')?.message;
  return message ? `${programmed}; listener ${refused?.name}: ${message}` : programmed;
};

export const hasAddress =
  (address: string) =>
  ({ status }: Gateway): Verdict => {
    const seen = status?.addresses?.map(({ value }) => value) ?? [];
    if (seen.includes(address)) return true;
    return seen.length > 0 ? `its address is ${seen.join(', ')}, not ${address}` : 'no address yet';
  };

export type Deployment = Conditioned & { readonly status?: { readonly availableReplicas?: number } };

/** A Deployment that was scaled to 0 is Available, too. */
export const isAvailable = (deployment: Deployment): Verdict => {
  const available = holds(deployment, 'Available');
  return available !== true || deployment.status?.availableReplicas ? available : 'no replica is available';
};

export const isPodReady = (pod: Pod): Verdict => {
  const ready = holds(pod, 'Ready');
  if (ready === true) return true;
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const [waiting] = [...initContainerStatuses, ...containerStatuses].flatMap(({ name, state }) =>
    state?.waiting ? [{ name, ...state.waiting }] : [],
  );
  if (waiting) {
    const why = [waiting.reason, waiting.message].filter(Boolean).join(': ');
    return `pod ${pod.metadata.name}: container ${waiting.name} waits: ${why}`;
  }
  const scheduled = holds(pod, 'PodScheduled');
  return `pod ${pod.metadata.name}: ${scheduled === true ? ready : scheduled}`;
};

/** At least one of the pods that are not being deleted is ready. */
export const isAnyPodReady = (pods: readonly Pod[]): Verdict => {
  const staying = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
  const verdicts = staying.map(isPodReady);
  return verdicts.includes(true) || (verdicts[0] ?? 'no pod yet');
};

/** Judges the only object that a watch by name yields. */
export const theOne =
  <T>(judge: (object: T) => Verdict) =>
  ([object]: readonly T[]): Verdict =>
    object === undefined ? 'it does not exist yet' : judge(object);
