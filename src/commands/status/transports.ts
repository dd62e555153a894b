import { askTransports, type Transport } from '../../proof/probe/transport.ts';
import type { Exposure } from '../../tunnel/exposure.ts';

/** A task's listener on the Gateway; `transport` is how the task answers a ClientHello, where it was asked. */
export type TaskListener = { readonly name: string; readonly port: number; readonly transport?: Transport };

/** The part of an instance's status that is asked and described here. */
type ListenerStatus = {
  readonly state: string;
  readonly listeners?: readonly TaskListener[];
  readonly record?: { readonly gateway?: { readonly address: string } };
  readonly exposed?: readonly Exposure[];
};

/** What was found out before, by address: a task that was asked once is left in peace by `status --watch`. */
export type KnownTransports = Map<string, Transport>;

/** Listeners that are asked, those with the lowest ports; the others are listed without an answer. */
const mostAsked = 300;
const asking = { timeoutMs: 1_000, atOnce: 32 } as const;

/** A silent task may only be on its way up, so it is asked again. */
const learn = async (status: ListenerStatus, known: KnownTransports): Promise<readonly TaskListener[]> => {
  const { listeners = [], record } = status;
  const host = record?.gateway?.address ?? '';
  const keyOf = ({ port }: TaskListener): string => `${host} ${port}`;
  for (const key of known.keys()) {
    if (key.startsWith(`${host} `) && !listeners.some((one) => keyOf(one) === key)) known.delete(key);
  }
  const isNew = (one: TaskListener): boolean => (known.get(keyOf(one)) ?? 'silent') === 'silent';
  const asked = listeners
    .toSorted((a, b) => a.port - b.port)
    .slice(0, mostAsked)
    .filter(isNew);
  const answers = await askTransports(
    asked.map(({ port }) => ({ host, port })),
    asking,
  );
  for (const [index, one] of asked.entries()) known.set(keyOf(one), answers[index] ?? 'silent');
  return listeners.map((one) => {
    const transport = known.get(keyOf(one));
    return transport ? { ...one, transport } : one;
  });
};

/** Asks each task's listener whether it speaks TLS, from this host and as clients dial it. Without listeners it asks nothing. */
export const withTransports = async <S extends ListenerStatus>(status: S, known: KnownTransports): Promise<S> => {
  const { state, listeners = [], record } = status;
  if (state !== 'running' || listeners.length === 0 || !record?.gateway) return status;
  return { ...status, listeners: await learn(status, known) };
};

const mostNamed = 8;

const namesOf = (listeners: readonly TaskListener[]): string => {
  const names = listeners.slice(0, mostNamed).map(({ name }) => name);
  const more = listeners.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

/** Clear text first: it is what a user may want to change. */
const texts: readonly (readonly [Transport, (reachedBy: string) => string])[] = [
  ['clear', (reachedBy) => `clear text, reachable by ${reachedBy}: TensorBoard or command`],
  ['tls', () => 'TLS'],
  ['ssh', () => 'ssh'],
  ['silent', () => 'no answer to a ClientHello'],
];

/** One line for each way in which tasks' listeners speak. */
export const describeTransports = ({
  listeners = [],
  exposed = [],
}: Pick<ListenerStatus, 'listeners' | 'exposed'>): readonly string[] => {
  const ports = exposed.filter(({ what }) => what === 'task ports').map(({ to }) => to);
  const reachedBy = ports.join('; and by ') || 'whoever reaches the Gateway';
  return texts.flatMap(([transport, textOf]) => {
    const found = listeners.filter((one) => one.transport === transport);
    return found.length === 0 ? [] : [`${namesOf(found)} ${textOf(reachedBy)}`];
  });
};
