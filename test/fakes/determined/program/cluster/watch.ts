/**
 * The watches that keep a master alive, or end it (docs/determined.md, Start and clean-up). Each goes on from the version of the last event
 * that it saw, and one without events from the version of its first list. An API server that no longer has that version answers 410. Then
 * those of pods and Jobs list again; that of preemption, which never has an event, ends the master by a panic.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Fields, isFields, parseFields } from '../../../../../src/lib/json.ts';
import { KubeError } from '../../../../../src/lib/kube/client.ts';
import type { KubeHttp } from '../../../../../src/lib/kube/http.ts';
import type { Log } from '../log.ts';

/** Go's end by a panic: exit code 2. */
export class Panic extends Error {
  override readonly name = 'Panic';
}

export type WatchSpec = {
  /** As the panic names it: `preemption`, `pod`. */
  readonly name: string;
  /** URL path of the kind in a namespace. */
  readonly path: string;
  readonly labelSelector: string;
  /** Whether the master ends when the version is gone. */
  readonly isFinal: boolean;
  readonly onEvent: (type: string, object: Fields) => void;
};

type Input = { readonly http: KubeHttp; readonly log: Log; readonly signal: AbortSignal };

const gone = 410;
const pauseMs = 1_000;

const versionOf = (object: unknown): string | undefined => {
  const metadata = isFields(object) ? object.metadata : undefined;
  return isFields(metadata) && typeof metadata.resourceVersion === 'string' ? metadata.resourceVersion : undefined;
};

/** Lists once, and tells what is there; returns the version from which the watch begins. */
const listFirst = async (spec: WatchSpec, { http }: Input): Promise<string> => {
  const list = parseFields(await (await http(spec.path, { query: { labelSelector: spec.labelSelector } })).text());
  for (const item of Array.isArray(list.items) ? list.items : []) if (isFields(item)) spec.onEvent('ADDED', item);
  return versionOf(list) ?? '0';
};

/** Follows one connection; returns the version that was reached, or that the server no longer has the one asked for. */
const followOnce = async (
  spec: WatchSpec,
  { http, signal }: Input,
  from: string,
): Promise<string | { gone: string }> => {
  let version = from;
  const query = { labelSelector: spec.labelSelector, watch: 'true', resourceVersion: from };
  try {
    const stream = await http(spec.path, { query, signal });
    for await (const line of stream.lines()) {
      const { type, object } = parseFields(line);
      if (type === 'ERROR' && isFields(object) && object.code === gone) return { gone: String(object.message) };
      if (typeof type !== 'string' || !isFields(object) || type === 'ERROR') continue;
      version = versionOf(object) ?? version;
      spec.onEvent(type, object);
    }
  } catch (error) {
    if (error instanceof KubeError && error.code === gone) return { gone: error.message };
  }
  return version;
};

/** Watches until the signal aborts. Throws a Panic when the API server no longer has the version. */
export const keepWatch = async (spec: WatchSpec, input: Input, started: () => void): Promise<void> => {
  let version = await listFirst(spec, input);
  started();
  while (!input.signal.aborted) {
    const end = await followOnce(spec, input, version);
    if (input.signal.aborted) return;
    if (typeof end !== 'string' && !spec.isFinal) {
      version = await listFirst(spec, input).catch(() => version);
    } else if (typeof end !== 'string') {
      input.log.warn(`${spec.name} informer emitted error`, { error: end.gone });
      input.log.error('retry watcher stopped unexpectedly');
      throw new Panic(`retry watcher on ${spec.name} stopped unexpectedly`);
    }
    if (typeof end === 'string') version = end;
    await pause(pauseMs, undefined, { signal: input.signal }).catch(() => undefined);
  }
};
