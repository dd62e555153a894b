import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { listServed } from '../../lib/kube/list.ts';
import { describeRef, type Gateway } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { gatewayKind } from '../../model/gateway-api.ts';
import { instanceLabel } from '../../model/labels.ts';
import { type CRD, largestUnmodifiedLimit, listenerLimits, raiseListenerLimit } from '../install/listener-limit.ts';
import { crdKind } from '../spec.ts';
import { listCreated, type RemovalContext, removeObject, waitForRemoval } from './objects.ts';

type NamedCRD = CRD & { readonly spec: { readonly names: { readonly kind: string } } };

const familyOf = ({ spec: { group } }: CRD): string =>
  group.endsWith('projectcontour.io') ? 'Contour' : 'Gateway API';

const objectsOf = async (kube: Kube, { spec }: NamedCRD): Promise<readonly KubeObject[]> => {
  const version = spec.versions.find(({ served }) => served);
  return version ? listServed(kube, { apiVersion: `${spec.group}/${version.name}`, kind: spec.names.kind }) : [];
};

/** A CRD that is still being deleted would take the objects of the next `up` with it. */
const waitUntilGone = async (removing: RemovalContext, family: string, crds: readonly CRD[]): Promise<void> => {
  const names = new Set(crds.map(({ metadata }) => metadata.name));
  await waitForRemoval(removing, {
    what: `CustomResourceDefinitions of ${family}`,
    selection: { ...crdKind, labelSelector: `${instanceLabel}=${removing.owner.instance}` },
    isSelected: ({ metadata }) => names.has(metadata.name),
  });
};

/** Deleting a CRD deletes all its objects, so the CRDs of a family are kept while any object of them exists. */
const removeFamily = async (removing: RemovalContext, family: string, crds: readonly NamedCRD[]): Promise<void> => {
  const { kube, left } = removing;
  const objects = (await Promise.all(crds.map((crd) => objectsOf(kube, crd)))).flat();
  if (objects.length === 0) {
    await Promise.all(crds.map((crd) => removeObject(removing, crd)));
    return waitUntilGone(removing, family, crds);
  }
  const names = objects.slice(0, 3).map(describeRef).join(', ');
  const what = `${crds.length} CustomResourceDefinitions of ${family}`;
  left.push({
    what,
    why: `${objects.length} of their objects were not created by taskgate: ${names}${objects.length > 3 ? ', ...' : ''}`,
  });
};

/** Removes the CRDs that this instance installed, unless they are in use. */
export const removeCRDs = async (removing: RemovalContext): Promise<void> => {
  const crds = await listCreated<NamedCRD>(removing, crdKind);
  for (const family of new Set(crds.map(familyOf))) {
    await removeFamily(
      removing,
      family,
      crds.filter((crd) => familyOf(crd) === family),
    );
  }
};

/** The CRD without what taskgate changes; any limit above the largest unmodified one removes the same rules. */
const withoutLimit = (crd: CRD): unknown => raiseListenerLimit(crd, largestUnmodifiedLimit + 1).spec;

/** Why a CRD cannot be restored, or undefined. */
const findRestoreObstacle = (current: CRD, original: CRD, gateways: readonly Gateway[]): string | undefined => {
  if (!isDeepStrictEqual(withoutLimit(current), withoutLimit(original)))
    return 'it was changed by another program since';
  const user = gateways.find(({ metadata }) => metadata.labels?.[instanceLabel]);
  if (user) return `taskgate instance '${user.metadata.labels?.[instanceLabel]}' uses it`;
  const limit = Math.min(
    ...listenerLimits(original).flatMap(({ spec = Infinity, status = Infinity }) => [spec, status]),
  );
  const large = gateways.find(({ spec }) => spec.listeners.length > limit);
  return (
    large &&
    `${describeRef(large)} has ${large.spec.listeners.length} listeners, more than the original limit of ${limit}`
  );
};

/** Writes the original spec and field owners. Throws the API server's refusal. */
const writeOriginal = async (kube: Kube, current: CRD, original: CRD): Promise<void> => {
  await kube.update({ ...current, ...crdKind, spec: original.spec });
  const { managedFields } = original.metadata as { readonly managedFields?: unknown };
  const ref = { ...crdKind, metadata: { name: original.metadata.name } };
  if (managedFields) await kube.patch(ref, { metadata: { managedFields } }, { type: 'merge' });
};

const restore = async ({ kube, left, restored }: RemovalContext, original: CRD): Promise<void> => {
  const ref = { ...crdKind, metadata: { name: original.metadata.name } };
  const what = `the raised listener limit of ${describeRef(ref)}`;
  const current = await kube.find<CRD>(ref);
  if (!current || isDeepStrictEqual(current.spec, original.spec)) return;
  const gateways = await listServed<Gateway>(kube, gatewayKind);
  const why = findRestoreObstacle(current, original, gateways);
  if (why) return void left.push({ what, why });
  try {
    await writeOriginal(kube, current, original);
    restored.push(describeRef(ref));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    left.push({ what, why: messageOf(error) });
  }
};

/** Restores the patched CRDs that existed before the first `up`. */
export const restoreCRDs = async (removing: RemovalContext): Promise<void> => {
  for (const crd of removing.original.crds) await restore(removing, crd);
};
