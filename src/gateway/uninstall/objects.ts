import { messageOf, UserError } from '../../lib/errors.ts';
import { isNotFound, type Kube, KubeError } from '../../lib/kube/client.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import type { KubeObject, ObjectRef, Selection } from '../../lib/kube/types.ts';
import type { Report } from '../../lib/progress.ts';
import { waitUntil } from '../../lib/wait.ts';
import { instanceLabel } from '../../model/labels.ts';
import { isCreatedBy, type OriginalState } from '../foreign/snapshot.ts';

/** Something that stays although it was to go, and why. */
export type Leftover = { readonly what: string; readonly why: string };

export type RemovalOptions = {
  readonly original: OriginalState;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly report?: Report;
};

/** What the stages of a removal share; each says here what it did. */
export type RemovalContext = RemovalOptions & {
  readonly kube: Kube;
  readonly instance: string;
  readonly removed: string[];
  readonly restored: string[];
  readonly left: Leftover[];
};

export type Kind = Pick<Selection, 'apiVersion' | 'kind'>;

/** None where the API server does not know the kind: what cannot exist is gone. */
export const listAll = async <T extends KubeObject>(kube: Kube, selection: Selection): Promise<readonly T[]> => {
  try {
    const objects = await kube.list<T>(selection);
    return objects.map((object) => ({ ...object, apiVersion: selection.apiVersion, kind: selection.kind }));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
};

/** The objects of a kind that this instance made, in all namespaces. */
export const listCreated = async <T extends KubeObject>(
  { kube, instance, original }: RemovalContext,
  kind: Kind,
): Promise<readonly T[]> => {
  const objects = await listAll<T>(kube, { ...kind, labelSelector: `${instanceLabel}=${instance}` });
  return objects.filter((object) => isCreatedBy(object, instance, original));
};

/** Removes one object; a refusal is told with what is left, and keeps nothing else from going. */
export const removeObject = async ({ kube, removed, left }: RemovalContext, ref: ObjectRef): Promise<void> => {
  try {
    if (await kube.remove(ref)) removed.push(describeRef(ref));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    left.push({ what: describeRef(ref), why: messageOf(error) });
  }
};

/** Removes all that this instance made of some kinds, kind after kind. */
export const removeKinds = async (removing: RemovalContext, kinds: readonly Kind[]): Promise<void> => {
  for (const kind of kinds) {
    removing.signal?.throwIfAborted();
    const objects = await listCreated(removing, kind);
    await Promise.all(objects.map((object) => removeObject(removing, object)));
  }
};

type Awaited = {
  readonly what: string;
  readonly selection: Selection;
  readonly isSelected?: (object: KubeObject) => boolean;
};

/** Waits until what was removed is gone; what is still there at the deadline is told with what is left. */
export const waitForRemoval = async (
  removing: RemovalContext,
  { what, selection, isSelected }: Awaited,
): Promise<void> => {
  const { kube, timeoutMs, signal, report, left } = removing;
  const judge = (objects: readonly KubeObject[]) => {
    const [first] = objects.filter((object) => isSelected?.(object) ?? true);
    return first ? `${describeRef({ ...first, kind: selection.kind })} is there` : true;
  };
  try {
    await waitUntil(`Removal of ${what}`, (until) => kube.watch(selection, until), judge, {
      timeoutMs,
      id: 'gateway.not-removed',
      ...(signal && { signal }),
      ...(report && { onVerdict: report }),
    });
  } catch (error) {
    if (!(error instanceof UserError) || error.id !== 'gateway.not-removed') throw error;
    left.push({ what, why: `${error.message}; Kubernetes goes on removing it` });
  }
};
