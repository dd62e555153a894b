/** What the master says of itself: /info, /api/v1/master. */
import { release } from '../version.ts';
import { ok, type Route } from './reply.ts';

export type Identity = { readonly clusterId: string; readonly masterId: string; readonly clusterName: string };

export const aboutRoutes = ({ clusterId, masterId, clusterName }: Identity): readonly Route[] => [
  {
    ...{ method: 'GET', pattern: /^\/info$/, isOpen: true },
    handle: () =>
      ok({
        ...{ cluster_id: clusterId, master_id: masterId, version: release, cluster_name: clusterName },
        telemetry: { enabled: false },
      }),
  },
  {
    ...{ method: 'GET', pattern: /^\/api\/v1\/master$/, isOpen: true },
    handle: () =>
      ok({
        ...{ version: release, masterId, clusterId, clusterName, telemetryEnabled: false, ssoProviders: [] },
        ...{ externalLoginUri: '', externalLogoutUri: '', branding: 'determined', rbacEnabled: false },
        ...{ strictJobQueueControl: false, hasCustomLogo: false },
        ...{ featureSwitches: [], product: 'PRODUCT_UNSPECIFIED', userManagementEnabled: true },
      }),
  },
];
