import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { kindOf, refusal } from './names.ts';

type Meta = KubeObject['metadata'] & { readonly finalizers?: readonly string[] };
type Whole = KubeObject & { readonly metadata: Meta; readonly status?: unknown };

/** Kinds whose objects count no generations (kubernetes v1.34; test/api/contract.test.ts compares). */
const uncounted =
  /^(v1\/(?!Pod$)|rbac\.authorization\.k8s\.io\/|events\.k8s\.io\/|coordination\.k8s\.io\/|authorization\.k8s\.io\/)/;

/** Kinds that may not be replaced by an object without a resourceVersion: all that a CRD has made, and CRDs. */
const guarded = /^(gateway\.networking\.k8s\.io|projectcontour\.io|apiextensions\.k8s\.io)\//;

/** What a new generation is about. */
const specOf = ({ metadata: _, status: __, ...spec }: Whole) => spec;

const generationOf = (next: Whole, old: Whole | undefined): number | undefined => {
  if (uncounted.test(kindOf(next))) return undefined;
  const before = old?.metadata.generation ?? 0;
  const isNew = !old || !isDeepStrictEqual(specOf(old), specOf(next));
  const isEnding = next.metadata.deletionTimestamp !== undefined && old?.metadata.deletionTimestamp === undefined;
  return before + (isNew ? 1 : 0) + (isEnding ? 1 : 0);
};

/** The object with what only the API server writes; an object that was put there may bring its own. */
export const stamped = (next: Whole, old: Whole | undefined): KubeObject => {
  const generation = generationOf(next, old);
  const { generation: given, resourceVersion: _, ...metadata } = next.metadata;
  const kept = old === undefined ? given : undefined;
  const count = kept ?? generation;
  return { ...next, metadata: { ...metadata, ...(count !== undefined && { generation: count }) } };
};

/** What a client sends of an object, without what it cannot change: the status, and what the API server writes. */
export const asWritten = (sent: Whole, old: Whole | undefined): Whole => {
  const { status: _, ...object } = sent;
  const { uid, generation, creationTimestamp, deletionTimestamp } = old?.metadata ?? sent.metadata;
  const { deletionTimestamp: __, generation: ___, ...metadata } = sent.metadata;
  const own = {
    ...(uid !== undefined && { uid }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(old && generation !== undefined && { generation }),
    ...(old && deletionTimestamp !== undefined && { deletionTimestamp }),
  };
  return { ...object, metadata: { ...metadata, ...own }, ...(old?.status !== undefined && { status: old.status }) };
};

export const isHeld = ({ metadata }: Whole): boolean => (metadata.finalizers?.length ?? 0) > 0;

/** The object while its finalizers hold it; the time is always the same. */
export const ending = (object: Whole): Whole => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: object.metadata.deletionTimestamp ?? '2026-01-01T00:00:00Z' },
});

/** Throws the refusal of a write that is about another version of the object. */
export const verifyVersion = (sent: Whole, live: Whole): void => {
  const { resourceVersion, uid } = sent.metadata;
  if (uid !== undefined && live.metadata.uid !== undefined && uid !== live.metadata.uid) {
    throw refusal(409, 'Conflict', `Precondition failed: UID in precondition: ${uid}`);
  }
  if (resourceVersion && resourceVersion !== live.metadata.resourceVersion) {
    throw refusal(409, 'Conflict', 'the object has been modified');
  }
};

/** Throws the refusal of a replacement that names no version, where the API server wants one. */
export const verifyNamesVersion = (sent: Whole): void => {
  if (sent.metadata.resourceVersion || !guarded.test(kindOf(sent))) return;
  const message = 'metadata.resourceVersion: Invalid value: 0: must be specified for an update';
  throw refusal(422, 'Invalid', message);
};
