import { UserError } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { KubeObject, ObjectRef } from '../../lib/kube/types.ts';
import { gatewayClassRef, gatewayRef } from '../../model/gateway-api.ts';
import { instanceLabel } from '../../model/labels.ts';
import { admissionPolicies } from '../install/admission-policies.ts';
import { type CRD, isCRD } from '../install/crd-patch.ts';
import type { Manifest } from '../install/manifest.ts';
import { type GatewaySpec, gatewaysCRDName } from '../spec.ts';

/** What a cluster of somebody else's had before we changed anything; kept as JSON until we are gone again. */
export type OriginalState = {
  /** Uid of the namespace kube-system, which tells one cluster from another. */
  readonly cluster: string;
  /** The CRDs that we patch, in full. */
  readonly crds: readonly CRD[];
  /** What had the name of an object of ours already; it stays as it is. */
  readonly existed: readonly ObjectRef[];
};

/** What is looked for: everything that an installation of this spec writes. */
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
  ...['v1', 'v1beta1'].flatMap((version) => admissionPolicies(spec, version)),
];

/** The objects that are there by now of all that an installation writes. */
export const findPlanned = async (kube: Kube, plan: Plan): Promise<readonly KubeObject[]> => {
  const refs = plannedRefs(plan).filter(
    (ref, index, all) =>
      all.findIndex((other) => isSameObject(ref, other) && ref.apiVersion === other.apiVersion) === index,
  );
  const found = await Promise.all(
    refs.map(async (ref) => {
      const object = await kube.find<KubeObject>(ref);
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

/** Reads what is there before anything is changed; the caller keeps it before it changes anything. */
export const recordOriginalState = async (kube: Kube, plan: Plan): Promise<OriginalState> => {
  const [cluster, present] = await Promise.all([clusterUid(kube), findPlanned(kube, plan)]);
  const crds = present.filter(isCRD).filter(({ metadata }) => metadata.name === gatewaysCRDName);
  return { cluster, crds, existed: present.map(refOf) };
};

/** Throws UserError `cluster.other-cluster` where the context leads to another cluster than the one that was changed. */
export const verifySameCluster = async (kube: Kube, { cluster }: OriginalState): Promise<void> => {
  const uid = await clusterUid(kube);
  if (uid === cluster) return;
  throw new UserError(
    `this is another cluster (kube-system ${uid}) than the one that was changed (kube-system ${cluster})`,
    {
      id: 'cluster.other-cluster',
      hint: 'give the context that leads to the first one, or, if that cluster is gone, remove the instance by hand',
    },
  );
};

/** Whether we made an object: it has our label, and was not there when we came. */
export const isCreatedBy = (object: KubeObject, instance: string, original: OriginalState): boolean =>
  object.metadata.labels?.[instanceLabel] === instance && !original.existed.some((one) => isSameObject(one, object));
