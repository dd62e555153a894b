import type { Kube } from '../../lib/kube/client.ts';
import { describeRef, type GatewayClass } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { ownerLabel } from '../../model/contour-names.ts';
import { instanceLabel } from '../../model/labels.ts';
import type { Problem } from '../../model/problem.ts';
import type { Bundle, GatewayProblem } from '../install/drift.ts';
import { controllerName } from '../install/gateway.ts';
import { bundleOf } from '../install/installed.ts';
import { isCRD } from '../install/listener-limit.ts';
import { type GatewaySpec, gatewaysCRDName } from '../spec.ts';
import { findPlanned, gatewayRefs, isCreatedBy, isSameObject, type OriginalState, type Plan } from './snapshot.ts';

type Workload = KubeObject & {
  readonly spec?: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image?: string }[] } };
  };
};

/** The objects of an installation that exist in a cluster, and Contour under other names. */
export type Present = {
  readonly objects: readonly KubeObject[];
  /** All Deployments that run Contour. */
  readonly contours: readonly KubeObject[];
};

export type OwnershipInput = {
  readonly spec: GatewaySpec;
  /** The Gateway API bundle of Contour's manifest. */
  readonly bundle: Bundle;
  /** Undefined on the first `up`: taskgate has created nothing then. */
  readonly original: OriginalState | undefined;
  /** Whether existing objects may be used. */
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
    message: `the cluster serves Gateway API ${textOf(bundleOf(crd))}, Contour's manifest has ${textOf(bundle)}`,
    hint: 'to use the installed one, whose listener limit is raised and restored by `taskgate down`: --adopt',
  };
};

/** Whether an object belongs to Contour; those of the Gateway API, and the Namespace, may have any owner. */
const isOfContour = (object: KubeObject, { spec }: Foreign): boolean => {
  if (isCRD(object)) return object.spec.group.endsWith('projectcontour.io');
  return object.kind !== 'Namespace' && !gatewayRefs(spec).some((ref) => isSameObject(ref, object));
};

const foreignContour: OwnershipRule = (foreign) => {
  const { contours, objects } = foreign;
  const others = objects.filter(
    (object) => isOfContour(object, foreign) && !contours.some((one) => isSameObject(one, object)),
  );
  const found = [...contours, ...others];
  if (found.length === 0) return false;
  return {
    id: 'gateway.foreign-contour',
    message: `the cluster has a Contour that this instance did not install: ${describeAll(found)}`,
    hint: 'two provisioners would conflict over the same GatewayClasses; to use the existing one: --adopt',
  };
};

const foreignGateway: OwnershipRule = ({ objects, spec }) => {
  const found = gatewayRefs(spec).flatMap((ref) => objects.filter((object) => isSameObject(ref, object)));
  // a class of another controller can never be used: classTaken in drift.ts refuses it
  const usable = found.filter((one: GatewayClass) => (one.spec?.controllerName ?? controllerName) === controllerName);
  if (usable.length === 0) return false;
  return {
    id: 'gateway.foreign-gateway',
    message: `the cluster has objects of the same name that this instance did not create: ${describeAll(usable)}`,
    hint: 'choose other names with --gateway-name and --gateway-class-name; to use the existing ones: --adopt',
  };
};

const rules: readonly OwnershipRule[] = [foreignBundle, foreignContour, foreignGateway];

/** The provisioner creates Contour's Deployment for a Gateway and labels it with the Gateway's name, not the instance. */
const isForOwnGateway = ({ metadata: { labels, namespace } }: KubeObject, { objects, spec }: Foreign): boolean =>
  labels?.[ownerLabel] === spec.name &&
  namespace === spec.namespace &&
  !objects.some((object) => object.kind === 'Gateway');

/**
 * Conflicts of an installation with objects that taskgate did not create: refusals, or with `adopt` notes about what is
 * used unchanged. verifyGatewayAPI throws the refusals.
 */
export const findOwnershipProblems = (present: Present, input: OwnershipInput): readonly GatewayProblem[] => {
  const { original, spec, adopt } = input;
  const isForeign = (object: KubeObject): boolean => !original || !isCreatedBy(object, spec, original);
  const objects = present.objects.filter(isForeign);
  const foreign: Foreign = { ...input, objects, contours: present.contours.filter(isForeign) };
  const contours = original ? foreign.contours.filter((one) => !isForOwnGateway(one, foreign)) : foreign.contours;
  const verdict = adopt ? 'note' : 'refuse';
  return rules
    .map((rule) => rule({ ...foreign, contours }))
    .flatMap((problem) => (problem ? [{ ...problem, verdict, ...(adopt && { hint: 'it is left unchanged' }) }] : []));
};
