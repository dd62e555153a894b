import type { Kube } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/types.ts';

export type KubeEvent = KubeObject & {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly lastObservedTime?: string };
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
};

const seenAt = ({ series, lastTimestamp, eventTime, metadata }: KubeEvent): string =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';

/** The newest Warning as one line, or undefined when there is none. */
export const describeNewestWarning = (events: readonly KubeEvent[]): string | undefined => {
  const newest = events
    .filter(({ type }) => type === 'Warning')
    .reduce<KubeEvent | undefined>((best, one) => (best && seenAt(best) >= seenAt(one) ? best : one), undefined);
  if (!newest) return undefined;
  const { reason, message, involvedObject } = newest;
  return `newest Warning: ${reason ?? 'no reason'} on ${involvedObject?.kind}/${involvedObject?.name}: ${message?.trim()}`;
};

/** The newest Warning event of a namespace, for explaining a wait that failed. */
export const newestWarning = async (kube: Kube, namespace: string): Promise<string | undefined> =>
  describeNewestWarning(
    await kube.list<KubeEvent>({ apiVersion: 'v1', kind: 'Event', namespace, fieldSelector: 'type=Warning' }),
  );
