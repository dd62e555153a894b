import { parseJson } from '../../lib/json.ts';
import type { Progress } from '../../lib/progress.ts';

/** One line of `minikube ... --output=json` (CloudEvents 1.0, one on each line; all values are strings). */
export type MinikubeEvent = {
  /** `step`, `info`, `warning`, `download`, `download.progress`, `error`, or what a later version adds. */
  readonly kind: string;
  readonly data: Readonly<Record<string, string | undefined>>;
};

const prefix = 'io.k8s.sigs.minikube.';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The event on a line; undefined for other lines, such as usage errors, hints and klog output. */
export const parseEvent = (line: string): MinikubeEvent | undefined => {
  if (!line.startsWith('{')) return undefined;
  const value = parseJson(line);
  if (!isRecord(value) || typeof value.type !== 'string' || !value.type.startsWith(prefix)) return undefined;
  if (!isRecord(value.data)) return undefined;
  const texts = Object.entries(value.data).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { kind: value.type.slice(prefix.length), data: Object.fromEntries(texts) };
};

export const parseEvents = (output: string): readonly MinikubeEvent[] =>
  output.split('\n').flatMap((line) => parseEvent(line) ?? []);

const firstLine = (text = ''): string => text.trim().split('\n')[0] ?? '';

const describeStep = ({ currentstep, totalsteps, name, message }: MinikubeEvent['data']): string => {
  const count = currentstep && totalsteps ? ` ${currentstep}/${totalsteps}` : '';
  return `minikube${count}: ${name ?? firstLine(message)}`;
};

const describeDownload = ({ artifact = 'something', progress }: MinikubeEvent['data']): Progress => ({
  name: `minikube: ${artifact}`,
  state: 'downloading',
  phase: 'working',
  ...(progress !== undefined && { detail: `${Math.round(Number(progress) * 100)} %` }),
});

/** An event as progress for the user. Errors and hints are often irrelevant, so they are only in the log. */
export const describeEvent = ({ kind, data }: MinikubeEvent): string | Progress | undefined => {
  if (kind === 'step') return describeStep(data);
  return kind === 'download' || kind === 'download.progress' ? describeDownload(data) : undefined;
};

/** Whether the node's container runtime is ready: minikube starts this step right after it. */
export const isRuntimeReady = ({ kind, data }: MinikubeEvent): boolean =>
  kind === 'step' && data.name === 'Preparing Kubernetes';
