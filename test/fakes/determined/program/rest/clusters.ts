/** What the clusters have: pools, agents, which are nodes, and workspaces. */
import type { KubeObject } from '../../../../../src/lib/kube/types.ts';
import type { Cluster } from '../cluster/manager.ts';
import type { Pool } from '../config/settings.ts';
import type { World } from '../tasks/life.ts';
import { ok, type Route } from './reply.ts';

type Node = KubeObject & {
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
};

const cpusIn = (text = '0'): number => (text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text));

const slotsOf = ({ manager }: Cluster, { status }: Node): number =>
  manager.slotType === 'cpu'
    ? Math.floor(cpusIn(status?.allocatable?.cpu) / manager.slotCpu)
    : Number(status?.allocatable?.['nvidia.com/gpu'] ?? 0);

const typeOf = ({ manager }: Cluster) => (manager.slotType === 'cpu' ? 'TYPE_CPU' : 'TYPE_CUDA');

const nodesOf = ({ kube }: Cluster) => kube.list<Node>({ apiVersion: 'v1', kind: 'Node' });

const agentOf = (cluster: Cluster, node: Node) => {
  const slots = Array.from({ length: slotsOf(cluster, node) }, (_, at) => [
    String(at),
    {
      ...{ id: String(at), enabled: true, draining: false },
      device: { id: at, brand: '', uuid: '', type: typeOf(cluster) },
    },
  ]);
  const internal = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  return {
    ...{ id: node.metadata.name, enabled: true, draining: false, slots: Object.fromEntries(slots) },
    ...{ registeredTime: node.metadata.creationTimestamp, addresses: internal ? [internal] : [] },
    resourcePools: cluster.manager.pools.map(({ name }) => name),
    ...{ containers: {}, version: '' },
    slotStats: { typeStats: {}, brandStats: {} },
  };
};

/** `used` counts slots of this pool's tasks. */
const poolOf = async (cluster: Cluster, pool: Pool, used: { readonly slots: number; readonly aux: number }) => {
  const { manager } = cluster;
  const nodes = await nodesOf(cluster);
  const total = nodes.reduce((sum, node) => sum + slotsOf(cluster, node), 0);
  return {
    ...{
      name: pool.name,
      description: pool.description,
      type: 'RESOURCE_POOL_TYPE_K8S',
      clusterName: manager.clusterName,
    },
    ...{ numAgents: nodes.length, slotsAvailable: total, slotsUsed: used.slots, slotType: typeOf(cluster) },
    ...{ slotsPerAgent: manager.maxSlotsPerPod, auxContainerCapacity: 0, auxContainersRunning: used.aux },
    ...{
      defaultAuxPool: pool.name === manager.defaultAuxPool,
      defaultComputePool: pool.name === manager.defaultComputePool,
    },
    ...{ preemptible: false, minAgents: 0, maxAgents: 0, auxContainerCapacityPerAgent: 0 },
    ...{ schedulerType: 'SCHEDULER_TYPE_KUBERNETES', schedulerFittingPolicy: 'FITTING_POLICY_KUBERNETES' },
    ...{ location: 'kubernetes', imageId: '', instanceType: 'kubernetes', masterUrl: '', masterCertName: '' },
    ...{ startupScript: '', containerStartupScript: '', agentDockerNetwork: '', agentDockerRuntime: '' },
    ...{ agentDockerImage: '', agentFluentImage: '', maxIdleAgentPeriod: 0, maxAgentStartingPeriod: 0 },
    ...{ details: {}, accelerator: '', resourceManagerMetadata: {} },
  };
};

const uncategorized = {
  ...{
    id: 1,
    name: 'Uncategorized',
    archived: false,
    username: 'admin',
    immutable: true,
    numProjects: 1,
    pinned: false,
  },
  ...{ userId: 1, numExperiments: 0, state: 'WORKSPACE_STATE_UNSPECIFIED', errorMessage: '' },
};

const oneOf = (total: number) => ({ offset: 0, limit: 0, startIndex: 0, endIndex: total, total });

export const clusterRoutes = ({ clusters, tasks }: World): readonly Route[] => {
  const usedBy = (pool: string) => {
    const running = [...tasks.values()].filter(({ spec, endTime }) => !endTime && spec.pool === pool);
    return {
      slots: running.reduce((sum, { spec }) => sum + spec.slots, 0),
      aux: running.filter(({ spec }) => spec.slots === 0).length,
    };
  };
  const pools = () =>
    Promise.all(clusters.flatMap((one) => one.manager.pools.map((pool) => poolOf(one, pool, usedBy(pool.name)))));
  const agents = async () =>
    (await Promise.all(clusters.map(async (one) => (await nodesOf(one)).map((node) => agentOf(one, node))))).flat();
  return [
    {
      ...{ method: 'GET', pattern: /^\/api\/v1\/resource-pools$/ },
      handle: async () => {
        const resourcePools = await pools();
        return ok({ resourcePools, pagination: oneOf(resourcePools.length) });
      },
    },
    {
      ...{ method: 'GET', pattern: /^\/api\/v1\/agents$/ },
      handle: async () => {
        const found = await agents();
        return ok({ agents: found, pagination: oneOf(found.length) });
      },
    },
    {
      ...{ method: 'GET', pattern: /^\/api\/v1\/workspaces$/ },
      handle: () => ok({ workspaces: [uncategorized], pagination: oneOf(1) }),
    },
  ];
};
