import { isReady, type KubeEvent, newestOf, type Pod } from '../../lib/kube/shapes.ts';
import type { Finding } from '../../model/path.ts';
import { explainAdmission } from '../../model/security/admission.ts';

const imageHint = (image: string): string =>
  `load it into the nodes: taskgate images load ${image} (or an archive of it); or give the node access to its registry`;

const hints: readonly (readonly [RegExp, string])[] = [
  [/ImagePull|ErrImage|InvalidImageName|Pulling image/, imageHint('IMAGE')],
  [/Unschedulable/, 'resolve that condition of the node: taints, pressure, or no room for one more pod'],
  [
    /CrashLoop|terminated|Error/,
    'see the log of the sample pod: the image must contain /agnhost for this architecture',
  ],
  [/FailedCreatePodSandBox|ContainerCreating/, 'check the container runtime and the CNI plugin on the node'],
];

const pullReasons = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull'];

/** The image that a container waits for in vain, also one of the init containers. */
const lackingImage = ({ status }: Pod): string | undefined =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(({ state }) =>
    pullReasons.includes(state?.waiting?.reason ?? ''),
  )?.image;

const containerTrouble = ({ status }: Pod): string | undefined =>
  [...(status?.initContainerStatuses ?? []).filter(({ state }) => state?.waiting), ...(status?.containerStatuses ?? [])]
    .flatMap(({ name, state }) => {
      const { waiting, terminated } = state ?? {};
      if (waiting) return [`container ${name} waits: ${[waiting.reason, waiting.message].filter(Boolean).join(': ')}`];
      return terminated ? [`container ${name} terminated with ${terminated.exitCode} (${terminated.reason})`] : [];
    })
    .at(0);

const schedulingTrouble = ({ status }: Pod): string | undefined => {
  const scheduled = status?.conditions?.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False');
  return scheduled && `${scheduled.reason}: ${scheduled.message}`;
};

/** The newest warning, or else the newest event: a hanging image pull has caused no warning yet. */
const describeEvent = (events: readonly KubeEvent[]): string | undefined => {
  const event = newestOf(events.filter(({ type }) => type === 'Warning')) ?? newestOf(events);
  return event && `${event.reason}: ${event.message}`;
};

/** Why no pod of a task is ready: scheduling, images, crashes, the newest event; undefined if one is. */
export const findPodTrouble = (pods: readonly Pod[], events: readonly KubeEvent[]): Finding | undefined => {
  if (pods.some(isReady)) return undefined;
  const [pod] = pods;
  const event = describeEvent(events);
  const state = pod
    ? (schedulingTrouble(pod) ?? containerTrouble(pod) ?? `phase ${pod.status?.phase ?? 'unknown'}`)
    : 'the Job has created no pod';
  const more = event && !state.includes(event) ? ` (${event})` : '';
  const image = pod && lackingImage(pod);
  const text = `${image ? `the node has no image ${image} and cannot get it: ` : ''}${state}${more}`;
  const hint =
    (image && imageHint(image)) ??
    explainAdmission(text)?.hint ??
    hints.find(([pattern]) => pattern.test(text))?.[1] ??
    'allow more time, or see its events';
  return { cause: `${pod ? `pod ${pod.metadata.name}` : 'sample task'} is not ready: ${text}`, hint };
};
