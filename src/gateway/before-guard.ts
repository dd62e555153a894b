import type { Kube, KubeObject, ObjectRef } from '../lib/kube.ts';
import { type Before, gatewayRefs, isCRD, isOurs, isSameObject } from './before.ts';
import { hasRoomFor, listenerLimits, raiseListenerLimit } from './crd-patch.ts';
import type { EnvoyService } from './publication.ts';
import { type GatewaySpec, gatewaysCRDName, type Report } from './spec.ts';

export type GuardInput = { readonly spec: GatewaySpec; readonly before: Before; readonly report?: Report };

const describe = ({ kind, metadata: { namespace, name } }: ObjectRef): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

const isAdmissionPolicy = ({ kind }: KubeObject): boolean => kind.startsWith('MutatingAdmissionPolicy');

/** The listener limit of somebody else's CRD is raised, never lowered; everything else of it stays. */
const raise = async <T extends KubeObject>(kube: Kube, existing: T, wanted: KubeObject): Promise<T> => {
  if (!isCRD(existing) || !isCRD(wanted) || existing.metadata.name !== gatewaysCRDName) return existing;
  const limit = Math.max(...listenerLimits(wanted).flatMap(({ spec = 0, status = 0 }) => [spec, status]));
  return hasRoomFor(existing, limit) ? existing : kube.update(raiseListenerLimit(existing, limit));
};

/**
 * The same API server, through which an installation leaves alone what is not ours: such objects are read instead of
 * applied. Of a Gateway that was there before, no pod is changed or restarted, and no address that it has is replaced.
 */
export const guardForeign = (kube: Kube, { spec, before, report }: GuardInput): Kube => {
  const [gateway] = gatewayRefs(spec);
  const isAdopted = before.existed.some((one) => gateway && isSameObject(one, gateway));
  return {
    ...kube,
    apply: async (object, options) => {
      if (isAdopted && isAdmissionPolicy(object)) return object;
      const existing = await kube.find<typeof object>(object);
      if (!existing || isOurs({ ...existing, ...kindOf(object) }, spec.instance, before))
        return kube.apply(object, options);
      report?.(`${describe(object)} is not ours and stays as it is`);
      return raise(kube, { ...existing, ...kindOf(object) }, object);
    },
    patch: async (ref, patch, options) => {
      const existing = isAdopted && ref.kind === 'Service' ? await kube.find<EnvoyService>(ref) : undefined;
      if (!existing?.status?.loadBalancer?.ingress?.length) return kube.patch(ref, patch, options);
      report?.(`${describe(ref)} is not ours and keeps its address`);
      return existing as never;
    },
    remove: async (ref, options) => (isAdopted && ref.kind === 'Pod' ? false : kube.remove(ref, options)),
  };
};

const kindOf = ({ apiVersion, kind }: KubeObject) => ({ apiVersion, kind });
