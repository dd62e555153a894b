import type { Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject, ObjectRef } from '../../src/lib/kube/types.ts';
import { fakeStore, kindOf, mergeApplied, mergePatch, placeOf, refusal, type Store } from './kube-store.ts';

export { refusal } from './kube-store.ts';

export type FakeKubeInput = {
  /** What the API server has at first. */
  readonly objects?: readonly KubeObject[];
  /** Further kinds that it serves, as `v1/Event`. Kinds of `objects` are served anyway; any other is an error of the test. */
  readonly kinds?: readonly string[];
  /** Kinds that it does not serve: they answer 404. */
  readonly absentKinds?: readonly string[];
  /** Answers to `text`, by path. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Refuses a call: given its line and the object sent, the error to throw, or undefined. */
  readonly refuse?: (call: string, object: unknown) => Error | undefined;
  /** Told of each change, for playing a controller: it may `put` and `drop` more. */
  readonly react?: (object: KubeObject, fake: FakeKube) => void;
};

export type FakeKube = {
  readonly kube: Kube;
  /** One line for each call: `apply Gateway projectcontour/contour`, `patch/status Service ...`, `... (dry run)`. */
  readonly calls: readonly string[];
  /** Calls that are neither reads nor dry runs. */
  readonly writes: () => readonly string[];
  readonly objects: () => readonly KubeObject[];
  /** Another client's write. */
  readonly put: (object: KubeObject) => void;
  /** Another client's delete. */
  readonly drop: (ref: ObjectRef) => void;
};

type Note = (verb: string, ref: ObjectRef, sent?: { readonly object?: unknown; readonly dryRun?: boolean }) => void;

/**
 * An API server in memory that keeps every call and fails on what it was not told. Only what tests need is like the real
 * one: applies and merge patches merge, lost races are 409, watches follow changes. Nothing is defaulted or validated,
 * json patches are refused and field selectors ignored.
 */
export const fakeKube = (input: FakeKubeInput = {}): FakeKube => {
  const calls: string[] = [];
  const store = fakeStore((object) => input.react?.(object, fake));
  const served = new Set([...(input.kinds ?? []), ...(input.objects ?? []).map(kindOf)]);
  const know = (ref: { readonly apiVersion: string; readonly kind: string }): void => {
    const kind = kindOf(ref);
    if (input.absentKinds?.includes(kind)) throw refusal(404, 'NoKind', `the API server has no ${kind}`);
    if (!served.has(kind)) throw new Error(`fakeKube was not told about kind ${kind}`);
  };
  const note: Note = (verb, ref, { object, dryRun } = {}) => {
    const call = `${verb} ${ref.kind} ${placeOf(ref)}${dryRun ? ' (dry run)' : ''}`;
    calls.push(call);
    know(ref);
    const error = input.refuse?.(call, object);
    if (error) throw error;
  };
  const kube: Kube = {
    ...readers(store, note),
    ...writers(store, note),
    list: async (selection) => {
      calls.push(`list ${selection.kind}`);
      know(selection);
      return store.select(selection) as never;
    },
    watch: (selection, signal) => {
      calls.push(`watch ${selection.kind}`);
      know(selection);
      return store.watch(selection, signal) as never;
    },
    text: async (path) => {
      calls.push(`text ${path}`);
      const text = input.texts?.[path];
      if (text === undefined) throw new Error(`fakeKube was not told about path ${path}`);
      return text;
    },
  };
  const fake: FakeKube = {
    kube,
    calls,
    writes: () =>
      calls.filter((call) => /^(apply|create|update|patch|remove)/.test(call) && !call.endsWith('(dry run)')),
    objects: store.all,
    put: (object) => void store.write(object),
    drop: (ref) => void store.drop(ref),
  };
  for (const object of input.objects ?? []) store.write(object);
  return fake;
};

const readers = (store: Store, note: Note): Pick<Kube, 'get' | 'find'> => ({
  get: async (ref) => {
    note('get', ref);
    return store.need(ref) as never;
  },
  find: async (ref) => {
    try {
      note('find', ref);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 404) return undefined;
      throw error;
    }
    return store.find(ref) as never;
  },
});

const writers = (store: Store, note: Note): Pick<Kube, 'apply' | 'create' | 'update' | 'patch' | 'remove'> => ({
  apply: async (object, { dryRun } = {}) => {
    note('apply', object, { object, dryRun });
    return store.write(mergeApplied(store.find(object) ?? {}, object) as KubeObject, dryRun) as never;
  },
  create: async (object, { dryRun } = {}) => {
    note('create', object, { object, dryRun });
    if (store.find(object)) throw refusal(409, 'AlreadyExists', `${placeOf(object)} already exists`);
    return store.write(object, dryRun) as never;
  },
  update: async (object, { dryRun } = {}) => {
    note('update', object, { object, dryRun });
    const { resourceVersion } = object.metadata;
    if (resourceVersion && resourceVersion !== store.need(object).metadata.resourceVersion) {
      throw refusal(409, 'Conflict', 'the object has been modified');
    }
    return store.write(object, dryRun) as never;
  },
  patch: async (ref, patch, { type, subresource, dryRun }) => {
    note(`patch${subresource ? `/${subresource}` : ''}`, ref, { object: patch, dryRun });
    if (type === 'json') throw new Error('fakeKube does not do json patches');
    return store.write(mergePatch(store.need(ref), patch) as KubeObject, dryRun) as never;
  },
  remove: async (ref) => {
    note('remove', ref);
    return store.drop(ref);
  },
});
