import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';

/** Where a master works in its cluster. */
export type MasterScope = {
  readonly taskNamespace: string;
  readonly gateway: Pick<GatewayEndpoint, 'name' | 'namespace'>;
};

/** Where a right must hold: in the whole cluster, in the namespace of tasks, or on the Gateway. */
export type Scope = 'cluster' | 'tasks' | 'gateway';

export type Right = {
  readonly scope: Scope;
  /** API group; empty for the core one. */
  readonly group: string;
  /** With its subresource, as in `pods/log`. */
  readonly resource: string;
  /** Each verb, with what happens without it (seen with a real master: docs/determined.md, Rights). */
  readonly verbs: Readonly<Record<string, string>>;
  /** The master goes on without it. */
  readonly isOptional?: true;
};

const noStart = 'the master does not start';
const taskEnds = 'every task that a proxy leads to ends with "forbidden" in its log';
const noTask = 'no task starts';
const gatewayGroup = 'gateway.networking.k8s.io';

/** Everything that a master outside of the cluster asks of it, as the API server's audit log has it; nothing more. */
export const masterRights: readonly Right[] = [
  {
    scope: 'cluster',
    group: 'batch',
    resource: 'jobs',
    verbs: { list: `${noStart}; it has no way around it in a single namespace` },
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'pods',
    isOptional: true,
    verbs: { list: 'the master looks for pods in the namespace of tasks only' },
  },
  {
    scope: 'cluster',
    group: '',
    resource: 'nodes',
    isOptional: true,
    verbs: { list: 'the master does not see the nodes', watch: 'the master does not see nodes come and go' },
  },
  {
    scope: 'cluster',
    group: 'scheduling.k8s.io',
    resource: 'priorityclasses',
    isOptional: true,
    verbs: { create: 'tasks have no priority of their own', delete: 'priority classes of ended tasks stay' },
  },
  {
    scope: 'tasks',
    group: '',
    resource: 'namespaces',
    verbs: { get: noStart },
  },
  {
    scope: 'tasks',
    group: '',
    resource: 'pods',
    verbs: { list: noStart, watch: 'the master learns late of what pods do, and asks again several times a second' },
  },
  {
    scope: 'tasks',
    group: '',
    resource: 'pods/log',
    verbs: { get: 'tasks stay in STARTING and are never reachable' },
  },
  {
    scope: 'tasks',
    group: 'batch',
    resource: 'jobs',
    verbs: {
      watch: 'a task that is killed stays RUNNING for ever',
      create: noTask,
      delete: 'a task that is killed goes on running',
    },
  },
  {
    scope: 'tasks',
    group: '',
    resource: 'configmaps',
    verbs: { list: noStart, create: noTask, delete: 'ConfigMaps of ended tasks stay' },
  },
  {
    scope: 'tasks',
    group: '',
    resource: 'events',
    verbs: { list: noStart, watch: 'task logs do not tell why a pod waits' },
  },
  { scope: 'tasks', group: '', resource: 'services', verbs: { list: noStart } },
  {
    scope: 'tasks',
    group: '',
    resource: 'services',
    verbs: { create: taskEnds, delete: 'Services of ended tasks stay' },
  },
  {
    scope: 'tasks',
    group: gatewayGroup,
    resource: 'tcproutes',
    verbs: { list: noStart, create: taskEnds, delete: 'TCPRoutes of ended tasks stay' },
  },
  {
    scope: 'gateway',
    group: gatewayGroup,
    resource: 'gateways',
    verbs: { get: noStart, update: taskEnds },
  },
];
