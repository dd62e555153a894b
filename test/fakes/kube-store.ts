import { KubeError } from '../../src/lib/kube/client.ts';
import type { KubeObject, ObjectRef, Selection } from '../../src/lib/kube/types.ts';

type KindRef = { readonly apiVersion: string; readonly kind: string };

/** A refusal as the API server sends it. */
export const refusal = (code: number, reason: string, message: string): KubeError =>
  new KubeError(code, reason, message);

export const kindOf = ({ apiVersion, kind }: KindRef): string => `${apiVersion}/${kind}`;
export const placeOf = ({ metadata: { namespace, name } }: ObjectRef): string =>
  namespace ? `${namespace}/${name}` : name;
const keyOf = (ref: ObjectRef): string => `${kindOf(ref)} ${placeOf(ref)}`;

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNamed = (value: unknown): value is { readonly name: string } => isMap(value) && typeof value.name === 'string';

const mergeNamed = (old: readonly { name: string }[], next: readonly { name: string }[]): unknown => {
  const names = new Set(old.map(({ name }) => name));
  const kept = old.map((one) => mergeApplied(one, next.find(({ name }) => name === one.name) ?? one));
  return [...kept, ...next.filter(({ name }) => !names.has(name))];
};

/** Like server-side apply: lists of named things (listeners) are merged by name, other lists are replaced. */
export const mergeApplied = (old: unknown, next: unknown): unknown => {
  if (Array.isArray(old) && Array.isArray(next) && old.every(isNamed) && next.every(isNamed)) {
    return mergeNamed(old, next);
  }
  if (!isMap(old) || !isMap(next)) return next;
  return {
    ...old,
    ...Object.fromEntries(Object.entries(next).map(([key, one]) => [key, mergeApplied(old[key], one)])),
  };
};

/** Like a JSON merge patch: lists are replaced, null removes. */
export const mergePatch = (old: unknown, next: unknown): unknown => {
  if (!isMap(next)) return next;
  const merged: Record<string, unknown> = isMap(old) ? { ...old } : {};
  for (const [key, value] of Object.entries(next)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
};

const hasLabels = ({ metadata }: KubeObject, labelSelector = ''): boolean =>
  labelSelector
    .split(',')
    .filter(Boolean)
    .every((pair) => {
      const [key = '', value] = pair.split('=');
      const seen = metadata.labels?.[key];
      return value === undefined ? seen !== undefined : seen === value;
    });

const matches = (object: KubeObject, selection: Selection): boolean =>
  kindOf(object) === kindOf(selection) &&
  (!selection.namespace || object.metadata.namespace === selection.namespace) &&
  (!selection.name || object.metadata.name === selection.name) &&
  hasLabels(object, selection.labelSelector);

export type Store = ReturnType<typeof fakeStore>;

/** Objects in memory with resourceVersions; `onChange` is told of each write that changed something. */
export const fakeStore = (onChange: (object: KubeObject) => void) => {
  const objects = new Map<string, KubeObject>();
  const watchers = new Set<() => void>();
  let version = 0;
  const wakeAll = (): void => {
    for (const wake of watchers) wake();
  };
  const changed = async (signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    watchers.add(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    watchers.delete(resolve);
  };
  const select = (selection: Selection): readonly KubeObject[] =>
    [...objects.values()].filter((object) => matches(object, selection));
  return {
    all: () => [...objects.values()],
    find: (ref: ObjectRef) => objects.get(keyOf(ref)),
    select,
    need: (ref: ObjectRef): KubeObject => {
      const object = objects.get(keyOf(ref));
      if (!object) throw refusal(404, 'NotFound', `${ref.kind} "${ref.metadata.name}" not found`);
      return object;
    },
    write: (next: KubeObject, dryRun = false): KubeObject => {
      const old = objects.get(keyOf(next));
      const { resourceVersion = '0', generation = 1 } = old?.metadata ?? {};
      const same = { ...next, metadata: { generation, ...next.metadata, resourceVersion } };
      if (old && JSON.stringify(old) === JSON.stringify(same)) return old;
      const stored = { ...same, metadata: { ...same.metadata, resourceVersion: String(++version) } };
      if (dryRun) return stored;
      objects.set(keyOf(stored), stored);
      onChange(stored);
      wakeAll();
      return stored;
    },
    drop: (ref: ObjectRef): boolean => {
      const had = objects.delete(keyOf(ref));
      wakeAll();
      return had;
    },
    watch: async function* (selection: Selection, signal: AbortSignal): AsyncGenerator<readonly KubeObject[]> {
      let seen: string | undefined;
      while (!signal.aborted) {
        const found = select(selection);
        const text = JSON.stringify(found);
        if (text === seen) await changed(signal);
        else yield found;
        seen = text;
      }
    },
  };
};
