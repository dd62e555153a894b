import { messageOf, UserError } from '../../lib/errors.ts';
import { isForbidden, type Kube, KubeError } from '../../lib/kube/client.ts';
import { listServed } from '../../lib/kube/list.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import type { KubeObject, ObjectRef, Selection } from '../../lib/kube/types.ts';
import type { Report } from '../../lib/progress.ts';
import { waitUntil } from '../../lib/wait.ts';
import { type InstanceIdentity, instanceLabel } from '../../model/labels.ts';
import { isCreatedBy, type OriginalState } from '../foreign/snapshot.ts';
import { isOfAdmission } from '../spec.ts';

/** Something that could not be removed, and why. */
export type Leftover = { readonly what: string; readonly why: string };

export type RemovalOptions = {
  readonly original: OriginalState;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly report?: Report;
};

/** Shared by the stages of a removal, which add their results to it. */
export type RemovalContext = RemovalOptions & {
  readonly kube: Kube;
  readonly owner: InstanceIdentity;
  readonly removed: string[];
  readonly restored: string[];
  readonly left: Leftover[];
};

export type Kind = Pick<Selection, 'apiVersion' | 'kind'>;

/** The objects of a kind that this instance created, in all namespaces. */
export const listCreated = async <T extends KubeObject>(
  { kube, owner, original }: RemovalContext,
  kind: Kind,
): Promise<readonly T[]> => {
  const objects = await listServed<T>(kube, { ...kind, labelSelector: `${instanceLabel}=${owner.instance}` });
  return objects.filter((object) => isCreatedBy(object, owner, original));
};

/** Removes one object; a refusal is recorded in `left` and does not stop the removal of others. */
export const removeObject = async ({ kube, removed, left }: RemovalContext, ref: ObjectRef): Promise<void> => {
  try {
    if (await kube.remove(ref)) removed.push(describeRef(ref));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    left.push({ what: describeRef(ref), why: messageOf(error) });
  }
};

/** Who may not even list admission policies did not create any; where it was another user, they are named as left. */
const listRemovable = async (removing: RemovalContext, kind: Kind): Promise<readonly KubeObject[]> => {
  try {
    return await listCreated(removing, kind);
  } catch (error) {
    if (!isOfAdmission(kind) || !isForbidden(error)) throw error;
    removing.left.push({ what: `each ${kind.kind} of this instance, if there is one`, why: messageOf(error) });
    return [];
  }
};

/** Removes all objects of some kinds that this instance created, one kind after the other. */
export const removeKinds = async (removing: RemovalContext, kinds: readonly Kind[]): Promise<void> => {
  for (const kind of kinds) {
    removing.signal?.throwIfAborted();
    const objects = await listRemovable(removing, kind);
    await Promise.all(objects.map((object) => removeObject(removing, object)));
  }
};

type Awaited = {
  readonly what: string;
  readonly selection: Selection;
  readonly isSelected?: (object: KubeObject) => boolean;
};

/** Waits until removed objects no longer exist; one that still does at the deadline is recorded in `left`. */
export const waitForRemoval = async (
  removing: RemovalContext,
  { what, selection, isSelected }: Awaited,
): Promise<void> => {
  const { kube, timeoutMs, signal, report, left } = removing;
  const judge = (objects: readonly KubeObject[]) => {
    const [first] = objects.filter((object) => isSelected?.(object) ?? true);
    return first ? `${describeRef({ ...first, kind: selection.kind })} still exists` : true;
  };
  try {
    await waitUntil(`Removal of ${what}`, (until) => kube.watch(selection, until), judge, {
      timeoutMs,
      id: 'gateway.not-removed',
      signal,
      onVerdict: report,
    });
  } catch (error) {
    if (!(error instanceof UserError) || error.id !== 'gateway.not-removed') throw error;
    left.push({ what, why: `${error.message}; Kubernetes continues to remove it` });
  }
};
