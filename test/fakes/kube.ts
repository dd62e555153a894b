import type { ApplyOptions, Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject, ObjectRef } from '../../src/lib/kube/types.ts';
import { applyFields } from './kube/fields.ts';
import { kindOf, placeOf, refusal } from './kube/names.ts';
import { asWritten, verifyNamesVersion, verifyVersion } from './kube/rules.ts';
import { fakeStore, mergePatch, type Store } from './kube/store.ts';

export { refusal } from './kube/names.ts';

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

/** By these the API server tells an apply from other writes of the same program. */
const managers = { apply: 'taskgate (Apply)', update: 'taskgate (Update)', other: 'another client' } as const;

/**
 * An API server in memory that keeps every call and fails on what it was not told. test/api/contract.test.ts proves on a
 * real one what it is like: server-side apply (owners of fields, conflicts, what is taken out), merge patches, generations,
 * lost races, finalizers, selectors, watches. Nothing is defaulted or validated, no controller runs but `react`, and an
 * object's namespace need not be there. What it does not know (JSON patches, foreground deletion, other selectors) it
 * throws as an error of the test.
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
    put: (object) => void store.write(object, { manager: managers.other }),
    drop: (ref) => void store.drop(ref),
  };
  for (const object of input.objects ?? []) store.write(object, { manager: managers.other });
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

type Writers = Pick<Kube, 'apply' | 'create' | 'update' | 'patch' | 'remove'>;

const apply = (store: Store, object: KubeObject, { dryRun, force = true }: ApplyOptions): KubeObject => {
  const live = store.find(object);
  if (live) verifyVersion(object, live);
  const manager = managers.apply;
  const owned = { object: live ?? ({} as KubeObject), owners: store.ownersOf(object) };
  const { object: next, owners, conflicts } = applyFields(manager, asWritten(object, live), owned);
  const [first] = conflicts;
  if (first && !force) {
    const more = `${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}`;
    throw refusal(409, 'Conflict', `Apply failed with ${more}: conflict with "${first.manager}": ${first.path}`);
  }
  return store.write(next, { manager, owners, dryRun });
};

const patched = (live: KubeObject, patch: unknown, subresource: 'status' | undefined): KubeObject => {
  const merged = mergePatch(live, patch) as KubeObject & { readonly status?: unknown };
  return subresource ? ({ ...live, status: merged.status } as KubeObject) : asWritten(merged, live);
};

const writers = (store: Store, note: Note): Writers => ({
  apply: async (object, options = {}) => {
    note('apply', object, { object, dryRun: options.dryRun });
    return apply(store, object, options) as never;
  },
  create: async (object, { dryRun } = {}) => {
    note('create', object, { object, dryRun });
    if (store.find(object)) throw refusal(409, 'AlreadyExists', `${placeOf(object)} already exists`);
    return store.write(asWritten(object, undefined), { manager: managers.update, dryRun }) as never;
  },
  update: async (object, { dryRun } = {}) => {
    note('update', object, { object, dryRun });
    const live = store.need(object);
    verifyNamesVersion(object);
    verifyVersion(object, live);
    return store.write(asWritten(object, live), { manager: managers.update, dryRun }) as never;
  },
  patch: async (ref, patch, { type, subresource, dryRun }) => {
    note(`patch${subresource ? `/${subresource}` : ''}`, ref, { object: patch, dryRun });
    if (type !== 'merge') throw new Error(`the fake knows no patches of type ${type}`);
    const live = store.need(ref);
    const next = mergePatch(live, patch) as KubeObject;
    verifyVersion(next, live);
    return store.write(patched(live, patch, subresource), { manager: managers.update, dryRun }) as never;
  },
  remove: async (ref, { propagation = 'Background', uid } = {}) => {
    note('remove', ref);
    const live = store.find(ref);
    if (uid !== undefined && live && live.metadata.uid !== uid) {
      throw refusal(409, 'Conflict', `the UID in the precondition (${uid}) does not match ${live.metadata.uid}`);
    }
    if (propagation !== 'Background') throw new Error(`the fake does not know ${propagation} deletion`);
    return store.drop(ref);
  },
});
