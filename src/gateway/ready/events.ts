import type { Kube } from '../../lib/kube/client.ts';
import { type KubeEvent, newestOf } from '../../lib/kube/shapes.ts';

/** The newest Warning as one line, or undefined when there is none. */
export const describeNewestWarning = (events: readonly KubeEvent[]): string | undefined => {
  const newest = newestOf(events.filter(({ type }) => type === 'Warning'));
  if (!newest) return undefined;
  const { reason, message, involvedObject } = newest;
  return `newest Warning: ${reason ?? 'no reason'} on ${involvedObject?.kind}/${involvedObject?.name}: ${message?.trim()}`;
};

/** The newest Warning event of a namespace, for explaining a wait that failed. */
export const newestWarning = async (kube: Kube, namespace: string): Promise<string | undefined> =>
  describeNewestWarning(
    await kube.list<KubeEvent>({ apiVersion: 'v1', kind: 'Event', namespace, fieldSelector: 'type=Warning' }),
  );
