import type { Kube } from '../../lib/kube/client.ts';
import { describeRef, type GatewayClass } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { instanceLabel } from '../../model/labels.ts';
import type { Problem } from '../../model/problem.ts';
import { isCRD } from '../install/crd-patch.ts';
import type { Bundle, GatewayProblem } from '../install/drift.ts';
import { controllerName } from '../install/gateway.ts';
import { bundleOf } from '../install/installed.ts';
import { type GatewaySpec, gatewaysCRDName } from '../spec.ts';
import { findPlanned, gatewayRefs, isCreatedBy, isSameObject, type OriginalState, type Plan } from './snapshot.ts';

type Workload = KubeObject & {
  readonly spec?: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image?: string }[] } };
  };
};

/** What a cluster has of the objects that we would write, and of Contour under other names. */
export type Present = {
  readonly objects: readonly KubeObject[];
  /** All Deployments that run Contour. */
  readonly contours: readonly KubeObject[];
};

export type OwnershipInput = {
  readonly spec: GatewaySpec;
  /** The Gateway API that Contour's manifest brings. */
  readonly bundle: Bundle;
  /** Undefined on the first `up`: nothing is ours then. */
  readonly original: OriginalState | undefined;
  /** Work with what is there. */
  readonly adopt: boolean;
};

const runsContour = ({ spec }: Workload): boolean =>
  spec?.template.spec.containers.some(({ image }) => /(^|\/)contour(:|@|$)/.test(image ?? '')) ?? false;

/** Reads what {@link findOwnershipProblems} judges; changes nothing. */
export const inspectOwnership = async (kube: Kube, plan: Plan): Promise<Present> => {
  const [objects, deployments] = await Promise.all([
    findPlanned(kube, plan),
    kube.list<Workload>({ apiVersion: 'apps/v1', kind: 'Deployment' }),
  ]);
  return { objects, contours: deployments.filter(runsContour) };
};

/** `Gateway projectcontour/contour (of taskgate instance 'a')`. */
const describe = (object: KubeObject): string => {
  const instance = object.metadata.labels?.[instanceLabel];
  return `${describeRef(object)}${instance ? ` (of taskgate instance '${instance}')` : ''}`;
};

const describeAll = (objects: readonly KubeObject[]): string => {
  const shown = objects.slice(0, 3).map(describe).join(', ');
  return objects.length > 3 ? `${shown} and ${objects.length - 3} more` : shown;
};

type Foreign = Present & OwnershipInput;
type OwnershipRule = (foreign: Foreign) => Problem | false;

const textOf = ({ bundleVersion, channel }: Bundle): string => `${bundleVersion} (${channel})`;

const foreignBundle: OwnershipRule = ({ objects, bundle }) => {
  const crd = objects.filter(isCRD).find(({ metadata }) => metadata.name === gatewaysCRDName);
  if (!crd || textOf(bundleOf(crd)) === textOf(bundle)) return false;
  return {
    id: 'gateway.foreign-bundle',
    message: `the cluster serves Gateway API ${textOf(bundleOf(crd))}, Contour's manifest brings ${textOf(bundle)}`,
    hint: 'to work with the installed one, whose listener limit is raised and restored by `taskgate down`: --adopt',
  };
};

/** Of Contour's own kinds and objects; those of the Gateway API, and the Namespace, anybody may have. */
const isContours = (object: KubeObject, { spec }: Foreign): boolean => {
  if (isCRD(object)) return object.spec.group.endsWith('projectcontour.io');
  return object.kind !== 'Namespace' && !gatewayRefs(spec).some((ref) => isSameObject(ref, object));
};

const foreignContour: OwnershipRule = (foreign) => {
  const { contours, objects } = foreign;
  const others = objects.filter(
    (object) => isContours(object, foreign) && !contours.some((one) => isSameObject(one, object)),
  );
  const found = [...contours, ...others];
  if (found.length === 0) return false;
  return {
    id: 'gateway.foreign-contour',
    message: `the cluster has a Contour that this instance did not install: ${describeAll(found)}`,
    hint: 'two provisioners would fight over the same GatewayClasses; to work with the one that is there: --adopt',
  };
};

const foreignGateway: OwnershipRule = ({ objects, spec }) => {
  const found = gatewayRefs(spec).flatMap((ref) => objects.filter((object) => isSameObject(ref, object)));
  // a class of another controller can never be used: classTaken in drift.ts refuses it
  const usable = found.filter((one: GatewayClass) => (one.spec?.controllerName ?? controllerName) === controllerName);
  if (usable.length === 0) return false;
  return {
    id: 'gateway.foreign-gateway',
    message: `the cluster has objects of the same name that this instance did not make: ${describeAll(usable)}`,
    hint: 'choose other names with --gateway-name and --gateway-class-name; to use those that are there: --adopt',
  };
};

const rules: readonly OwnershipRule[] = [foreignBundle, foreignContour, foreignGateway];

const gatewayOwnerLabel = 'projectcontour.io/owning-gateway-name';

/** The provisioner makes Contour's Deployment for a Gateway of ours; it has the Gateway's name instead of our label. */
const isForOurGateway = ({ metadata: { labels, namespace } }: KubeObject, { objects, spec }: Foreign): boolean =>
  labels?.[gatewayOwnerLabel] === spec.name &&
  namespace === spec.namespace &&
  !objects.some((object) => object.kind === 'Gateway');

/**
 * What stands in the way of an installation beside somebody else's objects: a refusal each, or with `adopt` a note of
 * what is used as it is. See verifyGatewayAPI, which throws the refusals.
 */
export const findOwnershipProblems = (present: Present, input: OwnershipInput): readonly GatewayProblem[] => {
  const { original, spec, adopt } = input;
  const isForeign = (object: KubeObject): boolean => !original || !isCreatedBy(object, spec.instance, original);
  const objects = present.objects.filter(isForeign);
  const foreign: Foreign = { ...input, objects, contours: present.contours.filter(isForeign) };
  const contours = original ? foreign.contours.filter((one) => !isForOurGateway(one, foreign)) : foreign.contours;
  const verdict = adopt ? 'note' : 'refuse';
  return rules
    .map((rule) => rule({ ...foreign, contours }))
    .flatMap((problem) => (problem ? [{ ...problem, verdict, ...(adopt && { hint: 'it stays as it is' }) }] : []));
};
