import { UserError } from '../../lib/errors.ts';
import { isForbidden, type Kube } from '../../lib/kube/client.ts';
import type { KubeObject, ObjectRef } from '../../lib/kube/types.ts';
import { gatewayClassRef, gatewayRef } from '../../model/gateway-api.ts';
import { type InstanceIdentity, isOfInstance } from '../../model/labels.ts';
import { admissionPolicies, policyVersions } from '../install/admission-policies.ts';
import { type CRD, isCRD } from '../install/listener-limit.ts';
import type { Manifest } from '../install/manifest.ts';
import { type GatewaySpec, gatewaysCRDName, isOfAdmission } from '../spec.ts';

/** State of an attached cluster before taskgate changed anything; saved as JSON until `down` has removed everything. */
export type OriginalState = {
  /** Uid of the namespace kube-system, which identifies the cluster. */
  readonly cluster: string;
  /** The CRDs that are patched, in full. */
  readonly crds: readonly CRD[];
  /** Objects that had the name of one to be applied; they are left unchanged. */
  readonly existed: readonly ObjectRef[];
};

/** Everything that an installation of this spec applies. */
export type Plan = { readonly spec: GatewaySpec; readonly manifest: Manifest };

const groupOf = ({ apiVersion }: ObjectRef): string => apiVersion.split('/').at(-2) ?? '';

/** Two versions of a group serve the same object. */
export const isSameObject = (one: ObjectRef, other: ObjectRef): boolean =>
  one.kind === other.kind &&
  groupOf(one) === groupOf(other) &&
  one.metadata.name === other.metadata.name &&
  (one.metadata.namespace ?? '') === (other.metadata.namespace ?? '');

/** Gateway, GatewayClass and ContourDeployment of a spec. */
export const gatewayRefs = (spec: GatewaySpec): readonly ObjectRef[] => [
  gatewayRef(spec),
  gatewayClassRef(spec.className),
  {
    apiVersion: 'projectcontour.io/v1alpha1',
    kind: 'ContourDeployment',
    metadata: { name: spec.name, namespace: spec.namespace },
  },
];

const namespaceRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

const plannedRefs = ({ spec, manifest: { crds, rest, provisioner } }: Plan): readonly ObjectRef[] => [
  ...crds,
  ...rest,
  provisioner,
  namespaceRef(spec.namespace),
  ...gatewayRefs(spec),
  ...policyVersions.flatMap((version) => admissionPolicies(spec, version)),
];

/** A policy that the user may not read counts as not there: `up` does not write it either. */
const findReadable = async (kube: Kube, ref: ObjectRef): Promise<KubeObject | undefined> => {
  try {
    return await kube.find(ref);
  } catch (error) {
    if (isOfAdmission(ref) && isForbidden(error)) return undefined;
    throw error;
  }
};

/** The objects of an installation that exist now. */
export const findPlanned = async (kube: Kube, plan: Plan): Promise<readonly KubeObject[]> => {
  const refs = plannedRefs(plan).filter(
    (ref, index, all) =>
      all.findIndex((other) => isSameObject(ref, other) && ref.apiVersion === other.apiVersion) === index,
  );
  const found = await Promise.all(
    refs.map(async (ref) => {
      const object = await findReadable(kube, ref);
      return object && { ...object, apiVersion: ref.apiVersion, kind: ref.kind };
    }),
  );
  return found.filter((object) => object !== undefined);
};

const refOf = ({ apiVersion, kind, metadata: { name, namespace } }: ObjectRef): ObjectRef => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace && { namespace }) },
});

const clusterUid = async (kube: Kube): Promise<string> =>
  (await kube.get(namespaceRef('kube-system'))).metadata.uid ?? '';

/** Reads the cluster's state; the caller saves it before anything is changed. */
export const recordOriginalState = async (kube: Kube, plan: Plan): Promise<OriginalState> => {
  const [cluster, present] = await Promise.all([clusterUid(kube), findPlanned(kube, plan)]);
  const crds = present.filter(isCRD).filter(({ metadata }) => metadata.name === gatewaysCRDName);
  return { cluster, crds, existed: present.map(refOf) };
};

/** Throws UserError `cluster.other-cluster` if the context names another cluster than the one that was changed. */
export const verifySameCluster = async (kube: Kube, { cluster }: OriginalState): Promise<void> => {
  const uid = await clusterUid(kube);
  if (uid === cluster) return;
  throw new UserError(`this is not the cluster that was changed: its kube-system has uid ${uid}, not ${cluster}`, {
    id: 'cluster.other-cluster',
    hint: 'use the context of the first cluster, or, if that cluster no longer exists, remove the instance by hand',
  });
};

/** Whether an instance created an object: it has its labels, and did not exist before the first `up`. */
export const isCreatedBy = (object: KubeObject, owner: InstanceIdentity, original: OriginalState): boolean =>
  isOfInstance(object, owner) && !original.existed.some((one) => isSameObject(one, object));
