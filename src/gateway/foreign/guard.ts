import type { Kube } from '../../lib/kube/client.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import type { Report } from '../../lib/progress.ts';
import { type CRD, hasRoomFor, isCRD, listenerLimits, raiseListenerLimit } from '../install/crd-patch.ts';
import type { EnvoyService } from '../ready/address.ts';
import { crdKind, type GatewaySpec } from '../spec.ts';
import { gatewayRefs, isCreatedBy, isSameObject, type OriginalState } from './snapshot.ts';

export type GuardInput = { readonly spec: GatewaySpec; readonly original: OriginalState; readonly report?: Report };

const isAdmissionPolicy = ({ kind }: KubeObject): boolean => kind.startsWith('MutatingAdmissionPolicy');

/** What an object of somebody else's is changed to, if at all: a listener limit is raised, never lowered. */
const raised = (existing: KubeObject, wanted: KubeObject, { crds }: OriginalState): CRD | undefined => {
  // only what is kept in full can be put back
  const isKept = crds.some((crd) => isSameObject(crd, existing));
  if (!isCRD(existing) || !isCRD(wanted) || !isKept) return undefined;
  const limit = Math.max(...listenerLimits(wanted).flatMap(({ spec = 0, status = 0 }) => [spec, status]));
  return hasRoomFor(existing, limit) ? undefined : raiseListenerLimit(existing, limit);
};

const kindOf = ({ apiVersion, kind }: KubeObject) => ({ apiVersion, kind });

/**
 * The same API server, through which an installation leaves alone what is not ours: such objects are read instead of
 * applied. Of a Gateway that was there before, no pod is changed or restarted, and no address that it has is replaced.
 */
export const guardForeign = (kube: Kube, { spec, original, report }: GuardInput): Kube => {
  const [gateway] = gatewayRefs(spec);
  const isAdopted = original.existed.some((one) => gateway && isSameObject(one, gateway));
  return {
    ...kube,
    apply: async (object, options) => {
      if (isAdopted && isAdmissionPolicy(object)) return object;
      const existing = await kube.find<typeof object>(object);
      const foreign = existing && { ...existing, ...kindOf(object) };
      if (!foreign || isCreatedBy(foreign, spec.instance, original)) return kube.apply(object, options);
      const change = raised(foreign, object, original);
      if (!change && !isCRD(foreign)) report?.(`${describeRef(object)} is not ours and stays as it is`);
      return change ? ((await kube.update(change)) as never) : foreign;
    },
    // the CRDs of others have not the label by which ours are looked for
    watch: ({ labelSelector, ...selection }, signal) =>
      kube.watch({ ...selection, ...(labelSelector && selection.kind !== crdKind.kind && { labelSelector }) }, signal),
    patch: async (ref, patch, options) => {
      const existing = isAdopted && ref.kind === 'Service' ? await kube.find<EnvoyService>(ref) : undefined;
      if (!existing?.status?.loadBalancer?.ingress?.length) return kube.patch(ref, patch, options);
      report?.(`${describeRef(ref)} is not ours and keeps its address`);
      return existing as never;
    },
    remove: async (ref, options) => (isAdopted && ref.kind === 'Pod' ? false : kube.remove(ref, options)),
  };
};
