// Tested in test/master/foreign/foreign.test.ts
import { describeRef, type TCPRoute } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { isManaged } from '../../model/labels.ts';
import { holdersOf } from '../../model/task-listener.ts';
import { allocationOf } from '../../model/task-objects.ts';
import type { MasterScope } from '../account/rights.ts';

/** A trace of another master: what was found, with names of objects, and what to do. */
export type ForeignFinding = { readonly message: string; readonly hint: string };

/** The instance's master. */
export type OwnMaster = MasterScope & {
  /** Its `cluster_id`, from `/info`. Undefined until the instance's master has answered: then every master is foreign. */
  readonly ownClusterId?: string | undefined;
};

/** Objects that masters create in a cluster. */
export type MasterTraces = {
  readonly jobs: readonly KubeObject[];
  readonly configMaps: readonly KubeObject[];
  readonly routes: readonly TCPRoute[];
  /** Pods of Determined's chart: a master or its database. */
  readonly systemPods: readonly KubeObject[];
  readonly gateway: KubeObject | undefined;
};

/** The cluster id of sample tasks. */
const sampleCluster = 'taskgate';

/** The names of a master's objects contain the first 8 characters of its cluster id. */
const clusterOf = ({ metadata }: KubeObject): string | undefined => /^det-([^-]{8})-/.exec(metadata.name)?.[1];

const isSample = (object: KubeObject): boolean => isManaged(object) || clusterOf(object) === sampleCluster;

const isForeign = (object: KubeObject, { ownClusterId }: OwnMaster): boolean => {
  const cluster = clusterOf(object);
  if (isSample(object) || cluster === undefined) return false;
  return ownClusterId === undefined || !ownClusterId.startsWith(cluster);
};

const shown = 3;

const namesOf = (objects: readonly KubeObject[]): string => {
  const names = objects.map(describeRef);
  const more = names.length > shown ? ` and ${names.length - shown} more` : '';
  return names.slice(0, shown).join(', ') + more;
};

/** Objects by the cluster id of their master. */
const byCluster = (objects: readonly KubeObject[]): readonly (readonly [cluster: string, readonly KubeObject[]])[] => [
  ...Map.groupBy(objects, (object) => clusterOf(object) ?? ''),
];

const inNamespace = ({ jobs, configMaps }: MasterTraces, own: OwnMaster): readonly ForeignFinding[] => {
  const { taskNamespace } = own;
  const found = [...jobs, ...configMaps].filter(
    (object) => object.metadata.namespace === taskNamespace && isForeign(object, own),
  );
  return byCluster(found).map(([cluster, objects]) => ({
    message: `namespace ${taskNamespace} has tasks of another master, with cluster id ${cluster}...: ${namesOf(objects)}`,
    hint: `leave namespace ${taskNamespace} to that master and set another master.taskNamespace: a starting master deletes tasks that are not in its database. If it is yours, start it with the same database`,
  }));
};

const leadsTo = ({ spec, metadata }: TCPRoute, { gateway }: OwnMaster): boolean =>
  spec?.parentRefs?.some(
    ({ name, namespace = metadata.namespace }) => name === gateway.name && namespace === gateway.namespace,
  ) ?? false;

const onGateway = (traces: MasterTraces, own: OwnMaster): readonly ForeignFinding[] => {
  const holders = traces.gateway ? holdersOf(traces.gateway) : [];
  const jobs = traces.jobs.filter((job) => holders.includes(allocationOf(job)));
  const routes = traces.routes.filter((route) => leadsTo(route, own));
  const { namespace, name } = own.gateway;
  return byCluster([...jobs, ...routes].filter((object) => isForeign(object, own))).map(([cluster, objects]) => ({
    message: `Gateway ${namespace}/${name} serves tasks of another master, with cluster id ${cluster}...: ${namesOf(objects)}`,
    hint: 'give each master its own Gateway (gateway.name): a starting master removes listeners that are not in its database. If it is yours, start it with the same database',
  }));
};

const inCluster = ({ systemPods }: MasterTraces, { taskNamespace }: OwnMaster): readonly ForeignFinding[] => {
  if (systemPods.length === 0) return [];
  const message = `namespace ${taskNamespace} has a master that runs in the cluster: ${namesOf(systemPods)}`;
  return [{ message, hint: 'set another master.taskNamespace: by default that master runs its tasks here' }];
};

/** Judges the traces of other masters in a cluster. */
export const judgeForeign = (traces: MasterTraces, own: OwnMaster): readonly ForeignFinding[] => [
  ...inNamespace(traces, own),
  ...onGateway(traces, own),
  ...inCluster(traces, own),
];
