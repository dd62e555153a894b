import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { describeRef, type Gateway } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { gatewayKind } from '../../model/gateway-api.ts';
import { instanceLabel } from '../../model/labels.ts';
import { type CRD, largestUnmodifiedLimit, listenerLimits, raiseListenerLimit } from '../install/crd-patch.ts';
import { crdKind } from '../spec.ts';
import { listAll, listCreated, type RemovalContext, removeObject, waitForRemoval } from './objects.ts';

type NamedCRD = CRD & { readonly spec: { readonly names: { readonly kind: string } } };

const familyOf = ({ spec: { group } }: CRD): string =>
  group.endsWith('projectcontour.io') ? 'Contour' : 'Gateway API';

const objectsOf = async (kube: Kube, { spec }: NamedCRD): Promise<readonly KubeObject[]> => {
  const version = spec.versions.find(({ served }) => served);
  return version ? listAll(kube, { apiVersion: `${spec.group}/${version.name}`, kind: spec.names.kind }) : [];
};

/** One that is still on its way out would take away what a next `up` makes. */
const waitUntilGone = async (removing: RemovalContext, family: string, crds: readonly CRD[]): Promise<void> => {
  const names = new Set(crds.map(({ metadata }) => metadata.name));
  await waitForRemoval(removing, {
    what: `CustomResourceDefinitions of ${family}`,
    selection: { ...crdKind, labelSelector: `${instanceLabel}=${removing.instance}` },
    isSelected: ({ metadata }) => names.has(metadata.name),
  });
};

/** A CRD takes all its objects with it, so those of a family stay while anybody has an object of one of them. */
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
    why: `others have ${objects.length} objects of theirs: ${names}${objects.length > 3 ? ', ...' : ''}`,
  });
};

/** Removes the CRDs that this instance installed, as far as nobody else uses them. */
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

/** The same but for what we change; any limit above the largest unmodified one takes the same rules out. */
const withoutLimit = (crd: CRD): unknown => raiseListenerLimit(crd, largestUnmodifiedLimit + 1).spec;

/** Why a CRD must stay as it is, or undefined when it can be restored. */
const findRestoreObstacle = (current: CRD, original: CRD, gateways: readonly Gateway[]): string | undefined => {
  if (!isDeepStrictEqual(withoutLimit(current), withoutLimit(original))) return 'somebody else has changed it since';
  const tenant = gateways.find(({ metadata }) => metadata.labels?.[instanceLabel]);
  if (tenant) return `taskgate instance '${tenant.metadata.labels?.[instanceLabel]}' uses it`;
  const limit = Math.min(
    ...listenerLimits(original).flatMap(({ spec = Infinity, status = Infinity }) => [spec, status]),
  );
  const large = gateways.find(({ spec }) => spec.listeners.length > limit);
  return large && `${describeRef(large)} has ${large.spec.listeners.length} listeners, it allowed ${limit}`;
};

/** Writes spec and field owners as they were. Throws the API server's refusal. */
const putBack = async (kube: Kube, current: CRD, original: CRD): Promise<void> => {
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
  const gateways = await listAll<Gateway>(kube, gatewayKind);
  const why = findRestoreObstacle(current, original, gateways);
  if (why) return void left.push({ what, why });
  try {
    await putBack(kube, current, original);
    restored.push(describeRef(ref));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    left.push({ what, why: messageOf(error) });
  }
};

/** Puts the CRDs that were there before, and that we patched, back to what they were. */
export const restoreCRDs = async (removing: RemovalContext): Promise<void> => {
  for (const crd of removing.original.crds) await restore(removing, crd);
};
