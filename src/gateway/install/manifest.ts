import type { KubeObject } from '../../lib/kube/types.ts';
import { parseYamlStream } from '../../lib/template.ts';
import type { InstanceIdentity } from '../../model/labels.ts';
import { gatewaysCRDName, withLabels } from '../spec.ts';
import { type CRD, isCRD, largestUnmodifiedLimit, listenerLimits, raiseListenerLimit } from './listener-limit.ts';

export type Manifest = {
  readonly crds: readonly CRD[];
  /** Namespace, ServiceAccount and roles. */
  readonly rest: readonly KubeObject[];
  readonly provisioner: Deployment;
};

type Deployment = KubeObject & {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly args?: readonly string[] }[] } };
  };
};

const isKubeObject = (value: unknown): value is KubeObject =>
  typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value && 'metadata' in value;

const isDeployment = (object: KubeObject): object is Deployment => object.kind === 'Deployment';

/** Reads Contour's gateway provisioner manifest. Throws if a needed part is missing, because upstream changed it. */
export const parseManifest = (text: string): Manifest => {
  const objects = parseYamlStream(text);
  if (!objects.every(isKubeObject)) throw new Error("Contour's manifest has an entry that is not a Kubernetes object");
  const crds = objects.filter(isCRD).map(withoutStatus);
  if (!crds.some(({ metadata }) => metadata.name === gatewaysCRDName)) {
    throw new Error(`Contour's manifest has no CustomResourceDefinition ${gatewaysCRDName}`);
  }
  const [provisioner, ...more] = objects.filter(isDeployment);
  if (!provisioner || more.length > 0) throw new Error("Contour's manifest does not have exactly one Deployment");
  return { crds, provisioner, rest: objects.filter((object) => !isCRD(object) && !isDeployment(object)) };
};

/** Some bundled CRDs have an empty status, which only the API server may write. */
const withoutStatus = (crd: CRD): CRD => ({
  apiVersion: crd.apiVersion,
  kind: crd.kind,
  metadata: crd.metadata,
  spec: crd.spec,
});

/** The manifest as taskgate applies it: limit raised, leader election off, every object labelled. */
export const adaptManifest = (
  { crds, rest, provisioner }: Manifest,
  spec: InstanceIdentity & { readonly listenerLimit: number },
): Manifest => ({
  crds: crds
    .map((crd) => (crd.metadata.name === gatewaysCRDName ? raiseUpstreamLimit(crd, spec.listenerLimit) : crd))
    .map((crd) => withLabels(crd, spec)),
  rest: rest.map((object) => withLabels(object, spec)),
  provisioner: withLabels(withoutLeaderElection(provisioner), spec),
});

const raiseUpstreamLimit = (crd: CRD, limit: number): CRD => {
  if (limit > largestUnmodifiedLimit && !listenerLimits(crd).every(({ hasQuadraticRules }) => hasQuadraticRules)) {
    throw new Error(`${gatewaysCRDName} has no quadratic rule to remove`);
  }
  return raiseListenerLimit(crd, limit);
};

const leaderElection = '--enable-leader-election';

/**
 * A single provisioner needs no election, and after a crash it would wait 15 s for its own old lease before adding a
 * listener's port to Envoy's Service.
 */
export const withoutLeaderElection = (provisioner: Deployment): Deployment => {
  const { containers } = provisioner.spec.template.spec;
  if (!containers.some(({ args }) => args?.includes(leaderElection))) {
    throw new Error(`Contour's provisioner has no ${leaderElection} to remove`);
  }
  const changed = containers.map((container) =>
    container.args ? { ...container, args: container.args.filter((arg) => arg !== leaderElection) } : container,
  );
  const { spec } = provisioner;
  const template = { ...spec.template, spec: { ...spec.template.spec, containers: changed } };
  return { ...provisioner, spec: { ...spec, template } };
};
