import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ObjectRef, Selection } from '../../../src/lib/kube/types.ts';
import { type Owned, type Owners, ownersAfterUpdate } from './fields.ts';
import { kindOf, placeOf, refusal } from './names.ts';
import { ending, isHeld, stamped } from './rules.ts';
import { selecting } from './selectors.ts';

const keyOf = (ref: ObjectRef): string => `${kindOf(ref)} ${placeOf(ref)}`;

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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

export type Store = ReturnType<typeof fakeStore>;

type Write = { readonly manager: string; readonly owners?: Owners; readonly dryRun?: boolean | undefined };

const atVersion = (object: KubeObject, resourceVersion: string | undefined): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
});

/** Objects in memory with resourceVersions, generations and owners of fields; `onChange` is told of each change. */
export const fakeStore = (onChange: (object: KubeObject) => void) => {
  const entries = new Map<string, Owned>();
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
  const find = (ref: ObjectRef): KubeObject | undefined => entries.get(keyOf(ref))?.object;
  const select = (selection: Selection): readonly KubeObject[] => {
    const isSelected = selecting(selection);
    return [...entries.values()].map(({ object }) => object).filter(isSelected);
  };
  const keep = (object: KubeObject, owners: Owners): void => {
    const isOver = object.metadata.deletionTimestamp !== undefined && !isHeld(object);
    if (isOver) entries.delete(keyOf(object));
    else entries.set(keyOf(object), { object, owners });
  };
  const write = (next: KubeObject, { manager, owners, dryRun }: Write): KubeObject => {
    const before = entries.get(keyOf(next));
    const bare = stamped(next, before?.object);
    const after = owners ?? ownersAfterUpdate(manager, bare, before);
    const same = before ? atVersion(bare, before.object.metadata.resourceVersion) : bare;
    if (dryRun) return same;
    if (before && isDeepStrictEqual(before.object, same)) {
      keep(before.object, after);
      return before.object;
    }
    const object = atVersion(bare, String(++version));
    keep(object, after);
    onChange(object);
    wakeAll();
    return object;
  };
  return {
    all: () => [...entries.values()].map(({ object }) => object),
    find,
    ownersOf: (ref: ObjectRef): Owners => entries.get(keyOf(ref))?.owners ?? new Map(),
    select,
    need: (ref: ObjectRef): KubeObject => {
      const object = find(ref);
      if (!object) throw refusal(404, 'NotFound', `${ref.kind} "${ref.metadata.name}" not found`);
      return object;
    },
    write,
    drop: (ref: ObjectRef): boolean => {
      const object = find(ref);
      if (!object) return false;
      if (isHeld(object)) write(ending(object), { manager: 'apiserver' });
      else entries.delete(keyOf(ref));
      wakeAll();
      return true;
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
