import type { Condition } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { crdKind } from '../spec.ts';

type CELRule = { readonly rule: string; readonly message?: string };
type Listeners = { readonly maxItems?: number; readonly 'x-kubernetes-validations'?: readonly CELRule[] };
type Part = { readonly properties?: { readonly listeners?: Listeners } };
type Version = {
  readonly name: string;
  readonly served: boolean;
  readonly schema?: {
    readonly openAPIV3Schema?: { readonly properties?: { readonly spec?: Part; readonly status?: Part } };
  };
};

/** The fields of a CustomResourceDefinition that are read here. */
export type CRD = KubeObject & {
  readonly spec: { readonly group: string; readonly versions: readonly Version[] };
  readonly status?: { readonly conditions?: readonly Condition[] };
};

export const isCRD = (object: KubeObject): object is CRD => object.kind === crdKind.kind;

/** Listener limits of one version of the Gateway CRD; undefined where the schema has none. */
export type ListenerLimits = {
  readonly version: string;
  readonly spec: number | undefined;
  readonly status: number | undefined;
  readonly hasQuadraticRules: boolean;
};

/**
 * The largest `maxItems` whose static CEL cost estimate an API server still accepts with the upstream rules
 * (measured with Kubernetes 1.32 and 1.34 and Gateway API v1.0 to v1.6; 214 is refused by a factor of 1.007641).
 */
export const largestUnmodifiedLimit = 213;

/**
 * Their cost grows with the square of the number of listeners. The list is a map keyed by name, so the first is redundant;
 * Contour checks the second itself (contour v1.33.6, internal/gatewayapi/listeners.go).
 */
const quadraticRules: readonly string[] = [
  'Listener name must be unique within the Gateway',
  'Combination of port, protocol and hostname must be unique for each listener',
];

const isQuadratic = ({ message = '' }: CELRule): boolean => quadraticRules.includes(message);

/** The same CRD with `maxItems: limit` for listeners in spec and status of every version; rules are removed only above 213. */
export const raiseListenerLimit = <T extends CRD>(crd: T, limit: number): T => ({
  ...crd,
  spec: { ...crd.spec, versions: crd.spec.versions.map((version) => raiseVersion(version, limit)) },
});

const withListeners = (part: Part | undefined, listeners: Listeners): Part => ({
  ...part,
  properties: { ...part?.properties, listeners },
});

const raiseVersion = (version: Version, limit: number): Version => {
  const properties = version.schema?.openAPIV3Schema?.properties;
  const spec = properties?.spec?.properties?.listeners;
  const status = properties?.status?.properties?.listeners;
  if (!spec?.maxItems || !status?.maxItems)
    throw new Error(`Gateway CRD ${version.name} has no listener limit to raise`);
  const rules = spec['x-kubernetes-validations'] ?? [];
  const kept = limit > largestUnmodifiedLimit ? rules.filter((rule) => !isQuadratic(rule)) : rules;
  const listeners = { ...spec, maxItems: limit, 'x-kubernetes-validations': kept };
  return {
    ...version,
    schema: {
      ...version.schema,
      openAPIV3Schema: {
        ...version.schema?.openAPIV3Schema,
        properties: {
          ...properties,
          spec: withListeners(properties?.spec, listeners),
          status: withListeners(properties?.status, { ...status, maxItems: limit }),
        },
      },
    },
  };
};

/** The CRD's current limits, for each version. */
export const listenerLimits = (crd: CRD): readonly ListenerLimits[] =>
  crd.spec.versions.map(({ name, schema }) => {
    const properties = schema?.openAPIV3Schema?.properties;
    const listeners = properties?.spec?.properties?.listeners;
    return {
      version: name,
      spec: listeners?.maxItems,
      status: properties?.status?.properties?.listeners?.maxItems,
      hasQuadraticRules: (listeners?.['x-kubernetes-validations'] ?? []).some(isQuadratic),
    };
  });

/** Whether a CRD allows exactly `limit` listeners, in spec and status of every version. */
export const hasLimit = (crd: CRD, limit: number): boolean =>
  listenerLimits(crd).every(
    ({ spec, status, hasQuadraticRules }) =>
      spec === limit && status === limit && !(hasQuadraticRules && limit > largestUnmodifiedLimit),
  );

/** Whether a CRD allows at least `limit` listeners. */
export const hasRoomFor = (crd: CRD, limit: number): boolean =>
  listenerLimits(crd).every(({ spec = limit, status = limit }) => spec >= limit && status >= limit);
