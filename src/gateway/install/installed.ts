// Tested in test/gateway/install/drift.test.ts
import type { Kube } from '../../lib/kube/client.ts';
import type { GatewayClass } from '../../lib/kube/shapes.ts';
import { gatewayClassRef, gatewayGroup } from '../../model/gateway-api.ts';
import { instanceLabel } from '../../model/labels.ts';
import { crdKind, type GatewaySpec, gatewaysCRDName, tcpRoutesCRDName } from '../spec.ts';
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
  /** Versions of TCPRoute that are served; Contour 1.33 and Determined need `v1alpha2`. */
  readonly tcpRouteVersions: readonly string[];
  readonly hasSafeUpgradesPolicy: boolean;
  /** Controller of the GatewayClass with the configured name, if it exists. */
  readonly classController: string | undefined;
};

const annotation = ({ metadata }: CRD, name: string): string =>
  metadata.annotations?.[`${gatewayGroup}/${name}`] ?? 'unknown';

export const bundleOf = (crd: CRD) => ({
  bundleVersion: annotation(crd, 'bundle-version'),
  channel: annotation(crd, 'channel'),
});

/** Reads what is installed; changes nothing. */
export const inspectGatewayAPI = async (
  kube: Kube,
  { className }: Pick<GatewaySpec, 'className'>,
): Promise<InstalledGatewayAPI> => {
  const [gateways, tcpRoutes, policy, gatewayClass] = await Promise.all([
    kube.find<CRD>({ ...crdKind, metadata: { name: gatewaysCRDName } }),
    kube.find<CRD>({ ...crdKind, metadata: { name: tcpRoutesCRDName } }),
    kube.find(safeUpgradesPolicy),
    kube.find<GatewayClass>(gatewayClassRef(className)),
  ]);
  return {
    ...(gateways && {
      gateways: {
        ...bundleOf(gateways),
        instance: gateways.metadata.labels?.[instanceLabel],
        limits: listenerLimits(gateways),
        crd: gateways,
      },
    }),
    tcpRouteVersions: tcpRoutes?.spec.versions.filter(({ served }) => served).map(({ name }) => name) ?? [],
    hasSafeUpgradesPolicy: policy !== undefined,
    classController: gatewayClass?.spec?.controllerName,
  };
};

/** Part of Gateway API since v1.5; denies bundles before v1.5.0, and the experimental channel over the standard one. */
export const safeUpgradesName = 'safe-upgrades.gateway.networking.k8s.io';

const safeUpgradesPolicy = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: safeUpgradesName },
};
