import { gatewayGroup } from '../../model/gateway-api.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';

/** The namespace of a master's tasks, and its Gateway. */
export type MasterScope = {
  readonly taskNamespace: string;
  readonly gateway: Pick<GatewayEndpoint, 'name' | 'namespace'>;
};

/** Where a right is needed: in the whole cluster, in the namespace of tasks, or on the Gateway. */
export type Scope = 'cluster' | 'tasks' | 'gateway';

export type Right = {
  readonly scope: Scope;
  /** API group; empty for the core one. */
  readonly group: string;
  /** With its subresource, as in `pods/log`. */
  readonly resource: string;
  /** Each verb with the effect of its absence (observed with a real master: docs/determined.md, Rights). */
  readonly verbs: Readonly<Record<string, string>>;
  /** The master works without it. */
  readonly isOptional?: true;
};

const noStart = 'the master does not start';
const taskEnds = 'every task with a proxied port fails with "forbidden" in its log';
const noTask = 'no task starts';

/** Exactly the requests that a master outside of the cluster makes, by the API server's audit log. */
export const masterRights: readonly Right[] = [
  {
    scope: 'cluster',
    group: 'batch',
    resource: 'jobs',
    verbs: { list: `${noStart}; rights in a single namespace are not enough` },
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
    verbs: { create: 'tasks have no priority', delete: 'priority classes of ended tasks stay' },
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
    verbs: { list: noStart, watch: 'the master notices changes of pods late, and polls several times a second' },
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
      watch: 'a killed task stays RUNNING forever',
      create: noTask,
      delete: 'a killed task keeps running',
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
    verbs: { list: noStart, watch: 'task logs do not show why a pod waits' },
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
