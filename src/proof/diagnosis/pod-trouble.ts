import type { Finding } from '../../model/path.ts';
import type { Pod, PodEvent } from './path-view.ts';

const hints: readonly (readonly [RegExp, string])[] = [
  [
    /ImagePull|ErrImage|InvalidImageName|Pulling image/,
    'load the sample image into the cluster, or let the node reach its registry',
  ],
  [/Unschedulable/, 'free the node of that condition: taints, pressure, or no room for one more pod'],
  [/CrashLoop|terminated|Error/, 'read the log of the sample pod: the image must hold /agnhost for this architecture'],
  [/FailedCreatePodSandBox|ContainerCreating/, 'look at the container runtime and the CNI plugin on the node'],
  [/forbidden|FailedCreate/, 'let the namespace admit the pod: quota, pod security, admission policies'],
];

const containerTrouble = ({ status }: Pod): string | undefined =>
  status?.containerStatuses
    ?.flatMap(({ name, state }) => {
      const { waiting, terminated } = state ?? {};
      if (waiting) return [`container ${name} waits: ${[waiting.reason, waiting.message].filter(Boolean).join(': ')}`];
      return terminated ? [`container ${name} terminated with ${terminated.exitCode} (${terminated.reason})`] : [];
    })
    .at(0);

const schedulingTrouble = ({ status }: Pod): string | undefined => {
  const scheduled = status?.conditions?.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False');
  return scheduled && `${scheduled.reason}: ${scheduled.message}`;
};

const timeOf = ({ lastTimestamp, eventTime }: PodEvent): number => Date.parse(lastTimestamp ?? eventTime ?? '') || 0;

/** The newest warning, or else the newest event: a pull that hangs has made no warning yet. */
const newestOf = (events: readonly PodEvent[]): string | undefined => {
  const sorted = events.toSorted((a, b) => timeOf(a) - timeOf(b));
  const event = sorted.findLast(({ type }) => type === 'Warning') ?? sorted.at(-1);
  return event && `${event.reason}: ${event.message}`;
};

/** Whether all containers of a pod run and are ready. */
export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

/** Why no pod of a task is ready: scheduling, images, crashes, the newest event; undefined when one is. */
export const findPodTrouble = (pods: readonly Pod[], events: readonly PodEvent[]): Finding | undefined => {
  if (pods.some(isReady)) return undefined;
  const [pod] = pods;
  const event = newestOf(events);
  const told = pod
    ? (schedulingTrouble(pod) ?? containerTrouble(pod) ?? `phase ${pod.status?.phase ?? 'unknown'}`)
    : 'the Job has made no pod';
  const more = event && !told.includes(event) ? ` (${event})` : '';
  const text = `${told}${more}`;
  const hint = hints.find(([pattern]) => pattern.test(text))?.[1] ?? 'give it more time, or look at its events';
  return { cause: `${pod ? `pod ${pod.metadata.name}` : 'sample task'} is not ready: ${text}`, hint };
};
