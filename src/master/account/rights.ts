// Tested in test/master/account/rights-check.test.ts
import { gatewayGroup } from '../../model/gateway-api.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';

/** The namespace of a master's tasks, and its Gateway. */
export type MasterScope = {
  readonly taskNamespace: string;
  readonly gateway: Pick<GatewayEndpoint, 'name' | 'namespace'>;
};

/** Where a right is needed: in the whole cluster, in the namespace of tasks, or on the Gateway. */
const scopes = ['cluster', 'tasks', 'gateway'] as const;
export type Scope = (typeof scopes)[number];

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
const rights: Readonly<Record<Scope, readonly Omit<Right, 'scope'>[]>> = {
  cluster: [
    { group: 'batch', resource: 'jobs', verbs: { list: `${noStart}; rights in a single namespace are not enough` } },
    {
      group: '',
      resource: 'pods',
      isOptional: true,
      verbs: { list: 'the master looks for pods in the namespace of tasks only' },
    },
    {
      group: '',
      resource: 'nodes',
      isOptional: true,
      verbs: { list: 'the master does not see the nodes', watch: 'the master does not see nodes come and go' },
    },
    {
      group: 'scheduling.k8s.io',
      resource: 'priorityclasses',
      isOptional: true,
      verbs: { create: 'tasks have no priority', delete: 'priority classes of ended tasks stay' },
    },
  ],
  tasks: [
    { group: '', resource: 'namespaces', verbs: { get: noStart } },
    {
      group: '',
      resource: 'pods',
      verbs: { list: noStart, watch: 'the master notices changes of pods late, and polls several times a second' },
    },
    { group: '', resource: 'pods/log', verbs: { get: 'tasks stay in STARTING and are never reachable' } },
    {
      group: 'batch',
      resource: 'jobs',
      verbs: { watch: 'a killed task stays RUNNING forever', create: noTask, delete: 'a killed task keeps running' },
    },
    {
      group: '',
      resource: 'configmaps',
      verbs: { list: noStart, create: noTask, delete: 'ConfigMaps of ended tasks stay' },
    },
    { group: '', resource: 'events', verbs: { list: noStart, watch: 'task logs do not show why a pod waits' } },
    { group: '', resource: 'services', verbs: { list: noStart } },
    { group: '', resource: 'services', verbs: { create: taskEnds, delete: 'Services of ended tasks stay' } },
    {
      group: gatewayGroup,
      resource: 'tcproutes',
      verbs: { list: noStart, create: taskEnds, delete: 'TCPRoutes of ended tasks stay' },
    },
  ],
  gateway: [{ group: gatewayGroup, resource: 'gateways', verbs: { get: noStart, update: taskEnds } }],
};

export const masterRights: readonly Right[] = scopes.flatMap((scope) =>
  rights[scope].map((right) => ({ scope, ...right })),
);
