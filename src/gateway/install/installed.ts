import { isForbidden, type Kube } from '../../lib/kube/client.ts';
import type { GatewayClass } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { gatewayClassRef, gatewayGroup } from '../../model/gateway-api.ts';
import { instanceLabel } from '../../model/labels.ts';
import { admissionGroup, crdKind, type GatewaySpec, gatewaysCRDName } from '../spec.ts';
import type { CRD, ListenerLimits } from './listener-limit.ts';
import { listenerLimits } from './listener-limit.ts';

/** The Gateway API of a cluster, as installed. */
export type InstalledGatewayAPI = {
  /** Undefined if there is no gateways CRD. */
  readonly gateways?: {
    readonly bundleVersion: string;
    readonly channel: string;
    /** Value of the instance label; undefined if taskgate did not create the CRD. */
    readonly instance: string | undefined;
    readonly limits: readonly ListenerLimits[];
    readonly crd: CRD;
  };
  /** What Contour and Determined need and the API server does not serve: `TLSRoute v1alpha2 (served: v1)`. */
  readonly missing: readonly string[];
  /** Bundles of the CRDs that are there although there is no gateways CRD. */
  readonly parts: readonly InstalledPart[];
  readonly hasSafeUpgradesPolicy: boolean;
  /** Controller of the GatewayClass with the configured name, if it exists. */
  readonly classController: string | undefined;
};

export type InstalledPart = { readonly name: string; readonly bundleVersion: string; readonly channel: string };

const annotation = ({ metadata }: CRD, name: string): string =>
  metadata.annotations?.[`${gatewayGroup}/${name}`] ?? 'unknown';

export const bundleOf = (crd: CRD) => ({
  bundleVersion: annotation(crd, 'bundle-version'),
  channel: annotation(crd, 'channel'),
});

/**
 * The kinds of Gateway API that Contour 1.33.6 watches (cmd/contour/serve.go, setupGatewayAPI): it exits if one of them is not
 * served. Determined uses Gateway v1 and TCPRoute v1alpha2.
 */
const needed = [
  ['gatewayclasses', 'GatewayClass', 'v1'],
  ['gateways', 'Gateway', 'v1'],
  ['httproutes', 'HTTPRoute', 'v1'],
  ['grpcroutes', 'GRPCRoute', 'v1'],
  ['referencegrants', 'ReferenceGrant', 'v1beta1'],
  ['backendtlspolicies', 'BackendTLSPolicy', 'v1alpha3'],
  ['tlsroutes', 'TLSRoute', 'v1alpha2'],
  ['tcproutes', 'TCPRoute', 'v1alpha2'],
] as const;

const findCRD = (kube: Kube, plural: string): Promise<CRD | undefined> =>
  kube.find<CRD>({ ...crdKind, metadata: { name: `${plural}.${gatewayGroup}` } });

const servedBy = (crd: CRD | undefined): readonly string[] =>
  crd?.spec.versions.filter(({ served }) => served).map(({ name }) => name) ?? [];

/** Who may not read policies learns of it when the API server denies a CRD. */
const findSafeUpgrades = async (kube: Kube): Promise<KubeObject | undefined> => {
  try {
    return await kube.find(safeUpgradesPolicy);
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
};

/** Reads what is installed; changes nothing. */
export const inspectGatewayAPI = async (
  kube: Kube,
  { className }: Pick<GatewaySpec, 'className'>,
): Promise<InstalledGatewayAPI> => {
  const [policy, gatewayClass, crds] = await Promise.all([
    findSafeUpgrades(kube),
    kube.find<GatewayClass>(gatewayClassRef(className)),
    Promise.all(needed.map(([plural]) => findCRD(kube, plural))),
  ]);
  const served = needed.map(([, kind, version], index) => {
    const versions = servedBy(crds[index]);
    return {
      text: `${kind} ${version} (served: ${versions.join(', ') || 'none'})`,
      isServed: versions.includes(version),
    };
  });
  const gateways = crds.find((crd) => crd?.metadata.name === gatewaysCRDName);
  const present = crds.filter((crd) => crd !== undefined);
  return {
    ...(gateways && {
      gateways: {
        ...bundleOf(gateways),
        instance: gateways.metadata.labels?.[instanceLabel],
        limits: listenerLimits(gateways),
        crd: gateways,
      },
    }),
    missing: served.filter(({ isServed }) => !isServed).map(({ text }) => text),
    parts: gateways ? [] : present.map((crd) => ({ name: crd.metadata.name, ...bundleOf(crd) })),
    hasSafeUpgradesPolicy: policy !== undefined,
    classController: gatewayClass?.spec?.controllerName,
  };
};

/** Part of Gateway API since v1.5; denies bundles before v1.5.0, and the experimental channel over the standard one. */
export const safeUpgradesName = 'safe-upgrades.gateway.networking.k8s.io';

const safeUpgradesPolicy = {
  apiVersion: `${admissionGroup}/v1`,
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: safeUpgradesName },
};
