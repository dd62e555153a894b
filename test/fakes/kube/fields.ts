import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../src/lib/kube/types.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Who has set each field: managers by the field's path. */
export type Owners = ReadonlyMap<string, readonly string[]>;

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The lists that server-side apply merges by a key of their items; most others are one value. */
const keys: Readonly<Record<string, string>> = {
  listeners: 'name',
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
};
/** They are merged by several keys, with defaults of the API server in them. */
const unknownLists = ['ports', 'ownerReferences', 'conditions'];

type Item = { readonly at: string; readonly value: unknown };

const isSet = (field: string): boolean => field === 'finalizers';

/** The items of a list that is merged; undefined for one that is a single value. */
const itemsIn = (list: readonly unknown[], field: string): readonly Item[] | undefined => {
  if (isSet(field)) return list.map((value) => ({ at: `[${value}]`, value }));
  const key = keys[field];
  if (key === undefined) return undefined;
  return list.map((value) => ({ at: `[${isMap(value) ? value[key] : ''}]`, value }));
};

type Leaves = ReadonlyMap<string, unknown>;

const leavesIn = (value: unknown, path = '', field = ''): readonly (readonly [string, unknown])[] => {
  const parts: readonly Item[] | undefined = isMap(value)
    ? Object.entries(value).map(([key, one]) => ({ at: `.${key}`, value: one }))
    : Array.isArray(value)
      ? itemsIn(value, field)
      : undefined;
  if (!parts?.length) return [[path, value]];
  return parts.flatMap((part) => leavesIn(part.value, `${path}${part.at}`, isMap(value) ? part.at.slice(1) : ''));
};

/** What managers own: all but the object's name and what the API server writes. */
const managed = ({ metadata, ...object }: Partial<KubeObject>): Fields => {
  const { labels, annotations, finalizers, ownerReferences } = (metadata ?? {}) as Fields;
  const { apiVersion: _, kind: __, status: ___, ...rest } = object as Fields;
  const named = Object.entries({ labels, annotations, finalizers, ownerReferences });
  const own = Object.fromEntries(named.filter(([, value]) => value !== undefined));
  return { ...rest, ...(Object.keys(own).length > 0 && { metadata: own }) };
};

const leavesOf = (object: Partial<KubeObject>): Leaves =>
  new Map(leavesIn(managed(object)).filter(([path]) => path !== ''));

/** After a write of a whole object: who changes a field owns it alone. */
export const ownersAfterUpdate = (manager: string, next: KubeObject, before?: Owned): Owners => {
  const old = before && leavesOf(before.object);
  return new Map(
    [...leavesOf(next)].map(([path, value]) => {
      const isSame = old?.has(path) && isDeepStrictEqual(old.get(path), value);
      return [path, isSame ? (before?.owners.get(path) ?? []) : [manager]];
    }),
  );
};

export type Owned = { readonly object: KubeObject; readonly owners: Owners };

const mergeLists = (old: readonly unknown[], next: readonly unknown[], field: string): readonly unknown[] => {
  const [before, after] = [itemsIn(old, field), itemsIn(next, field)];
  if (!before || !after) {
    if (unknownLists.includes(field) && !isDeepStrictEqual(old, next)) {
      throw new Error(`the fake does not know how server-side apply merges lists of ${field}`);
    }
    return next;
  }
  const kept = before.map(({ at, value }) => {
    const wanted = after.find((one) => one.at === at);
    return wanted ? merge(value, wanted.value) : value;
  });
  return [...kept, ...after.filter(({ at }) => !before.some((one) => one.at === at)).map(({ value }) => value)];
};

const merge = (old: unknown, next: unknown, field = ''): unknown => {
  if (Array.isArray(old) && Array.isArray(next)) return mergeLists(old, next, field);
  if (!isMap(old) || !isMap(next)) return next;
  const merged = Object.entries(next).map(([key, one]) => [key, merge(old[key], one, key)]);
  return { ...old, ...Object.fromEntries(merged) };
};

/** The value without these fields, and without what is empty by that; an item keeps its key while it has other fields. */
const without = (value: unknown, gone: ReadonlySet<string>, path = '', field = ''): unknown => {
  if (gone.has(path)) return undefined;
  if (isMap(value)) {
    const entries = Object.entries(value);
    const left = entries
      .map(([key, one]) => [key, without(one, gone, `${path}.${key}`, key)] as const)
      .filter(([, one]) => one !== undefined);
    return entries.length > 0 && left.length === 0 ? undefined : Object.fromEntries(left);
  }
  const items = Array.isArray(value) ? itemsIn(value, field) : undefined;
  if (!items?.length) return value;
  const key = keys[field];
  const left = items.flatMap(({ at, value: item }) => {
    const rest = without(item, gone, `${path}${at}`);
    if (rest === undefined) return [];
    return [key !== undefined && isMap(rest) && isMap(item) ? { ...rest, [key]: item[key] } : rest];
  });
  return left.length > 0 ? left : undefined;
};

export type Applied = Owned & {
  /** Fields that another manager has set otherwise. */
  readonly conflicts: readonly { readonly path: string; readonly manager: string }[];
};

/** Server-side apply: merges what is wanted, takes out what this manager applied before and does not any more. */
export const applyFields = (manager: string, wanted: KubeObject, { object, owners }: Owned): Applied => {
  const [old, next] = [leavesOf(object), leavesOf(wanted)];
  const othersOf = (path: string) => (owners.get(path) ?? []).filter((one) => one !== manager);
  const isSame = (path: string) => isDeepStrictEqual(old.get(path), next.get(path));
  const conflicts = [...next.keys()]
    .filter((path) => old.has(path) && !isSame(path))
    .flatMap((path) => othersOf(path).map((one) => ({ path, manager: one })));
  const dropped = [...owners]
    .filter(([path, all]) => all.includes(manager) && !next.has(path) && othersOf(path).length === 0)
    .map(([path]) => path);
  const pruned = (without(object, new Set(dropped)) ?? {}) as KubeObject;
  const merged = merge(pruned, wanted) as KubeObject;
  const after = [...leavesOf(merged).keys()].map((path): [string, readonly string[]] => {
    if (!next.has(path)) return [path, othersOf(path)];
    return [path, isSame(path) ? [...othersOf(path), manager] : [manager]];
  });
  return { object: merged, owners: new Map(after), conflicts };
};
