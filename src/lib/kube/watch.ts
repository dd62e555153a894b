import { setTimeout as pause } from 'node:timers/promises';
import { messageOf, UserError } from '../errors.ts';
import { type Fields, isFields } from '../json.ts';
import { isObject, objectsIn, parseAnswer } from './answer.ts';
import { collectionOf, type PathOf, selectorsOf } from './discovery.ts';
import { KubeError } from './error.ts';
import type { KubeHttp } from './http.ts';
import type { KubeObject, Selection } from './types.ts';

type WatchInput = {
  readonly http: KubeHttp;
  readonly pathOf: PathOf;
  readonly selection: Selection;
  readonly signal: AbortSignal;
  /** Before it lists again; 200 ms unless given. */
  readonly reconnectPauseMs?: number;
};

const usualPauseMs = 200;

/** A refusal that a retry cannot change; a kind that is not served yet (404) may be later. */
const isFinal = (error: unknown): boolean =>
  error instanceof KubeError && error.code >= 400 && error.code < 500 && ![404, 408, 410, 429].includes(error.code);

/** A bug in taskgate. fetch throws TypeErrors too, with the reason as their cause; `terminated` may have none. */
const isBug = (error: unknown): boolean =>
  error instanceof ReferenceError ||
  error instanceof SyntaxError ||
  (error instanceof TypeError && error.cause === undefined && error.message !== 'terminated');

/**
 * Lists, then follows changes, and yields all selected objects each time. The API server may end a watch at any time
 * (timeouts, expired versions, restarts), so this lists again and continues until the signal aborts.
 * Throws a UserError `cluster.api` then if the last attempt failed.
 */
export async function* watchObjects<T extends KubeObject>(input: WatchInput): AsyncGenerator<readonly T[]> {
  const { signal, reconnectPauseMs = usualPauseMs } = input;
  let trouble: unknown;
  const onRetry = (met: UserError): void => {
    trouble = met;
  };
  while (!signal.aborted) {
    try {
      for await (const objects of followOnce<T>(input, onRetry)) {
        trouble = undefined;
        yield objects;
      }
    } catch (error) {
      if (signal.aborted) break;
      if (isFinal(error) || isBug(error)) throw error;
      trouble = error;
    }
    await pause(reconnectPauseMs, undefined, { signal }).catch(() => undefined);
  }
  if (trouble) throw new UserError(messageOf(trouble), { id: 'cluster.api', cause: trouble });
}

async function* followOnce<T extends KubeObject>(
  { http, pathOf, selection, signal }: WatchInput,
  onRetry: (trouble: UserError) => void,
) {
  const path = await pathOf(collectionOf(selection));
  const query = selectorsOf(selection);
  const list = parseAnswer(await (await http(path, { query, signal, onRetry })).text());
  const { apiVersion, kind } = selection;
  const objects = new Map(objectsIn(list).map((item) => [keyOf(item), { ...item, apiVersion, kind } as T]));
  yield [...objects.values()];
  const resourceVersion = versionOf(list);
  const stream = await http(path, { query: { ...query, watch: 'true', resourceVersion }, signal, onRetry });
  for await (const line of stream.lines()) {
    // ADDED, MODIFIED, DELETED, BOOKMARK or ERROR
    const { type, object } = parseAnswer(line);
    if (type === 'ERROR') return;
    if (type === 'BOOKMARK' || !isObject(object)) continue;
    if (type === 'DELETED') objects.delete(keyOf(object));
    else objects.set(keyOf(object), object as T);
    yield [...objects.values()];
  }
}

/** The version of a list from which a watch goes on. */
const versionOf = ({ metadata }: Fields): string | undefined =>
  isFields(metadata) && typeof metadata.resourceVersion === 'string' ? metadata.resourceVersion : undefined;

const keyOf = ({ metadata: { namespace, name } }: KubeObject): string => `${namespace ?? ''}/${name}`;
