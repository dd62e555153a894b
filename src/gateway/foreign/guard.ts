import type { Kube } from '../../lib/kube/client.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import type { Report } from '../../lib/progress.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import { type CRD, hasRoomFor, isCRD, listenerLimits, raiseListenerLimit } from '../install/listener-limit.ts';
import type { EnvoyService } from '../ready/envoy-service.ts';
import { crdKind, type GatewaySpec } from '../spec.ts';
import { isCreatedBy, isSameObject, type OriginalState } from './snapshot.ts';

export type GuardInput = { readonly spec: GatewaySpec; readonly original: OriginalState; readonly report?: Report };

const isAdmissionPolicy = ({ kind }: KubeObject): boolean => kind.startsWith('MutatingAdmissionPolicy');

/** The only change to an object that taskgate did not create: a listener limit is raised, never lowered. */
const raised = (existing: KubeObject, wanted: KubeObject, { crds }: OriginalState): CRD | undefined => {
  // only a CRD that was saved in full can be restored
  const isSaved = crds.some((crd) => isSameObject(crd, existing));
  if (!isCRD(existing) || !isCRD(wanted) || !isSaved) return undefined;
  const limit = Math.max(...listenerLimits(wanted).flatMap(({ spec = 0, status = 0 }) => [spec, status]));
  return hasRoomFor(existing, limit) ? undefined : raiseListenerLimit(existing, limit);
};

const kindOf = ({ apiVersion, kind }: KubeObject) => ({ apiVersion, kind });

/**
 * A client for an attached cluster that leaves objects unchanged that taskgate did not create: it reads them instead of
 * applying them. For an existing Gateway, no pod is changed or restarted, and an address that it has is kept.
 */
export const guardForeign = (kube: Kube, { spec, original, report }: GuardInput): Kube => {
  const gateway = gatewayRef(spec);
  const isAdopted = original.existed.some((one) => isSameObject(one, gateway));
  return {
    ...kube,
    apply: async (object, options) => {
      if (isAdopted && isAdmissionPolicy(object)) return object;
      const existing = await kube.find<typeof object>(object);
      const foreign = existing && { ...existing, ...kindOf(object) };
      if (!foreign || isCreatedBy(foreign, spec, original)) return kube.apply(object, options);
      const change = raised(foreign, object, original);
      if (!isCRD(foreign)) report?.(`${describeRef(object)} was not created by taskgate and is left unchanged`);
      return change ? ((await kube.update(change)) as never) : foreign;
    },
    // CRDs that taskgate did not create lack the label that is selected
    watch: ({ labelSelector, ...selection }, signal) =>
      kube.watch({ ...selection, ...(labelSelector && selection.kind !== crdKind.kind && { labelSelector }) }, signal),
    patch: async (ref, patch, options) => {
      const existing = isAdopted && ref.kind === 'Service' ? await kube.find<EnvoyService>(ref) : undefined;
      if (existing && options.subresource === undefined) {
        report?.(`${describeRef(ref)} was not created by taskgate: who reaches it stays as it is`);
        return existing as never;
      }
      if (!existing?.status?.loadBalancer?.ingress?.length) return kube.patch(ref, patch, options);
      report?.(`${describeRef(ref)} was not created by taskgate and keeps its address`);
      return existing as never;
    },
    remove: async (ref, options) => (isAdopted && ref.kind === 'Pod' ? false : kube.remove(ref, options)),
  };
};
