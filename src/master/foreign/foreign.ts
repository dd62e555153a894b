import { isForbidden, type Kube } from '../../lib/kube/client.ts';
import { listServed } from '../../lib/kube/list.ts';
import type { TCPRoute } from '../../lib/kube/shapes.ts';
import type { KubeObject, Selection } from '../../lib/kube/types.ts';
import { gatewayRef, tcpRouteKind } from '../../model/gateway-api.ts';
import { type ForeignFinding, judgeForeign, type MasterTraces, type OwnMaster } from './rules.ts';

/** Objects of the whole cluster; of one namespace if only that is allowed; none if the kind is not served. */
const listWhereAllowed = async <T extends KubeObject>(
  kube: Kube,
  selection: Selection,
  namespace: string,
): Promise<readonly T[]> => {
  try {
    return await listServed<T>(kube, selection);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return listServed(kube, { ...selection, namespace });
  }
};

const readTraces = async (kube: Kube, { taskNamespace, gateway }: OwnMaster): Promise<MasterTraces> => {
  const labelSelector = 'determined';
  const [jobs, configMaps, routes, systemPods, live] = await Promise.all([
    listWhereAllowed(kube, { apiVersion: 'batch/v1', kind: 'Job', labelSelector }, taskNamespace),
    kube.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: taskNamespace, labelSelector }),
    listWhereAllowed<TCPRoute>(kube, { ...tcpRouteKind, labelSelector }, taskNamespace),
    kube.list({ apiVersion: 'v1', kind: 'Pod', namespace: taskNamespace, labelSelector: 'determined-system' }),
    kube.find(gatewayRef(gateway)),
  ]);
  return { jobs, configMaps, routes, systemPods, gateway: live };
};

/**
 * Finds traces of another master in the instance's task namespace or on its Gateway: two masters there delete each
 * other's tasks when they start (docs/determined.md, Two masters). Ignores taskgate's sample tasks. Changes nothing.
 */
export const findForeignMaster = async (kube: Kube, own: OwnMaster): Promise<readonly ForeignFinding[]> =>
  judgeForeign(await readTraces(kube, own), own);
