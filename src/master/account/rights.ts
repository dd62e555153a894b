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

/** Why a master has a right. */
export type Need = {
  /** What it does with it: the function of Determined 0.38 (`master/internal/rm/kubernetesrm`) and when it is called. */
  readonly call: string;
  /** The effect of its absence (observed with a real master: docs/determined.md, Rights). */
  readonly without: string;
};

export type Right = {
  readonly scope: Scope;
  /** API group; empty for the core one. */
  readonly group: string;
  /** With its subresource, as in `pods/log`. */
  readonly resource: string;
  readonly verbs: Readonly<Record<string, Need>>;
  /** The master works without it. */
  readonly isOptional?: true;
};

const noStart = 'the master does not start';
const taskEnds = 'every task with a proxied port fails with "forbidden" in its log';
const noTask = 'no task starts';

const cleanUp = 'deleteDoomedKubernetesResources, at its start';
const launch = 'createKubernetesResources, for each task';
const end = 'deleteKubernetesResources, at the end of each task';

/** Exactly the requests that a master outside of the cluster makes, by the API server's audit log. */
const rights: Readonly<Record<Scope, readonly Omit<Right, 'scope'>[]>> = {
  cluster: [
    {
      group: 'batch',
      resource: 'jobs',
      verbs: {
        list: {
          call: `listJobsInAllNamespaces: ${cleanUp}`,
          without: `${noStart}; rights in a single namespace are not enough`,
        },
      },
    },
    {
      group: '',
      resource: 'pods',
      isOptional: true,
      verbs: {
        list: {
          call: 'listPodsInAllNamespaces: what nodes have free',
          without: 'the master looks for pods in the namespace of tasks only',
        },
      },
    },
    {
      group: '',
      resource: 'nodes',
      isOptional: true,
      verbs: {
        list: { call: 'startNodeInformer, at its start', without: 'the master does not see the nodes' },
        watch: { call: 'startNodeInformer, always', without: 'the master does not see nodes come and go' },
        patch: {
          call: 'enableNode and disableNode: `det agent enable` and `disable`',
          without: 'no node can be disabled and enabled for tasks (`det agent disable` is refused)',
        },
      },
    },
    {
      group: 'scheduling.k8s.io',
      resource: 'priorityclasses',
      isOptional: true,
      verbs: {
        create: { call: 'the PriorityClass of each task', without: 'tasks have no priority' },
        delete: { call: 'cleanUpJobHandler, at the end of each task', without: 'priority classes of ended tasks stay' },
      },
    },
  ],
  tasks: [
    {
      group: '',
      resource: 'namespaces',
      verbs: { get: { call: 'verifyNamespaceExists: default_namespace, at its start', without: noStart } },
    },
    {
      group: '',
      resource: 'pods',
      verbs: {
        list: { call: 'getSystemResourceRequests and the pod informer, at its start', without: noStart },
        watch: {
          call: 'the pod informer and startPreemptionListeners, always',
          without: 'the master notices changes of pods late, and polls several times a second',
        },
        delete: {
          call: 'killPod: the pods of a task that ended with an error',
          without: 'pods of failed tasks are left to the deletion of their Job, and the master logs an error for each',
        },
      },
    },
    {
      group: '',
      resource: 'pods/log',
      verbs: { get: { call: 'the log stream of each pod', without: 'tasks stay in STARTING and are never reachable' } },
    },
    {
      group: 'batch',
      resource: 'jobs',
      verbs: {
        watch: { call: 'the job informer, always', without: 'a killed task stays RUNNING forever' },
        create: { call: launch, without: noTask },
        delete: { call: end, without: 'a killed task keeps running' },
      },
    },
    {
      group: '',
      resource: 'configmaps',
      verbs: {
        list: { call: cleanUp, without: noStart },
        create: { call: launch, without: noTask },
        delete: { call: end, without: 'ConfigMaps of ended tasks stay' },
      },
    },
    {
      group: '',
      resource: 'events',
      verbs: {
        list: { call: 'startEventListeners, at its start', without: noStart },
        watch: { call: 'startEventListeners, always', without: 'task logs do not show why a pod waits' },
      },
    },
    {
      group: '',
      resource: 'services',
      verbs: {
        list: { call: cleanUp, without: noStart },
        create: { call: launch, without: taskEnds },
        delete: { call: end, without: 'Services of ended tasks stay' },
      },
    },
    {
      group: gatewayGroup,
      resource: 'tcproutes',
      verbs: {
        list: { call: cleanUp, without: noStart },
        create: { call: launch, without: taskEnds },
        delete: { call: end, without: 'TCPRoutes of ended tasks stay' },
      },
    },
  ],
  gateway: [
    {
      group: gatewayGroup,
      resource: 'gateways',
      verbs: {
        get: { call: 'getProxyPorts, at its start and before each change', without: noStart },
        update: { call: 'listeners of tasks that begin and end', without: taskEnds },
      },
    },
  ],
};

export const masterRights: readonly Right[] = scopes.flatMap((scope) =>
  rights[scope].map((right) => ({ scope, ...right })),
);
