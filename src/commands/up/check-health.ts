import { findReady } from '../../cluster/readiness.ts';
import type { Config } from '../../config/config.ts';
import { pins } from '../../config/versions.ts';
import { openAccess } from '../../instance/access.ts';
import type { Instance } from '../../instance/instance.ts';
import { sha256 } from '../../lib/files.ts';
import type { Node } from '../../lib/kube/shapes.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';
import type { CommandContext } from '../../providers/context.ts';
import { policySettingsOf } from '../context.ts';
import { taskRefusedId } from '../status/cluster.ts';
import { listenerLostId } from '../status/dead-tasks.ts';
import { foreignMasterId } from '../status/foreign-masters.ts';
import { findStatus } from '../status/look.ts';
import { findOwnMaster, lostWarning } from '../status/own-master.ts';
import { checkMachine } from './check-machine.ts';
import { upStep } from './context.ts';

/** Changes when `up` would make something else than it did. */
export const settingsDigest = (config: Config): string => {
  const { gateway, master, ssh, ngrok, minikube, native, podSecurity } = config;
  const policies = policySettingsOf(config);
  return sha256(JSON.stringify({ gateway, master, ssh, ngrok, minikube, native, podSecurity, policies, pins }));
};

/** Identifies the supervisor that runs a native node. */
export const findSupervisor = (instance: Instance): string | undefined => {
  const supervisor = instance.record().journal.findLast((resource) => resource.kind === 'keeper')?.process;
  return supervisor && JSON.stringify(supervisor);
};

const nodeRun = (nodes: readonly Node[]): string =>
  nodes
    .map(
      ({ metadata, status }) => `${metadata.name} ${findReady(status)?.lastTransitionTime} ${status?.nodeInfo?.bootID}`,
    )
    .toSorted()
    .join(', ');

/** What distinguishes this run of the cluster from one that was started since; undefined when there is none. */
export const findRun = async (instance: Instance, env: CommandContext['env']): Promise<string | undefined> => {
  const { provider, cluster, attach } = instance.record();
  if (provider === 'native') return findSupervisor(instance);
  if (!cluster) return undefined;
  const kube = await openAccess({ ...cluster, attach }, env);
  return nodeRun(await kube.list<Node>({ apiVersion: 'v1', kind: 'Node' }));
};

/**
 * The user's matter: nothing that `up` makes would change another master, a task that is refused, what dead tasks have left
 * (`gateway clean` frees it) and a task whose listener somebody took away.
 */
const beyondUp: readonly string[] = [foreignMasterId, taskRefusedId, listenerLostId];

/** When the path was proven, if nothing has changed since: same run, same settings, `status` reports no problem. */
const findProof = async (
  context: CommandContext,
  instance: Instance,
  look: typeof findStatus,
): Promise<string | undefined> => {
  const { proven } = instance.record();
  // a cluster that may be recreated has nothing of what was proven
  if (!proven || context.config.recreate || proven.settings !== settingsDigest(context.config)) return undefined;
  const status = await look(context);
  const own = status?.problems.filter(({ id }) => !beyondUp.includes(id));
  if (!own || own.length > 0) return undefined;
  return (await findRun(instance, context.env)) === proven.run ? proven.at : undefined;
};

/** An instance to which nothing has happened since its last proof. */
export type Health = {
  readonly provenAt: string;
  readonly cluster: Cluster;
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
};

/** What an instance has, if nothing has happened to it since its last proof. `look` is what `status` looks at. */
export const findHealth = async (
  context: CommandContext,
  instance: Instance,
  look: typeof findStatus = findStatus,
): Promise<Health | undefined> => {
  const { cluster, gateway, master } = instance.record();
  const provenAt = await findProof(context, instance, look);
  return provenAt && cluster && gateway && master ? { provenAt, cluster, gateway, master } : undefined;
};

/** On a healthy instance the steps that write to the cluster have nothing to do, and skip. */
export const checkHealth = upStep({
  title: 'Check the existing instance',
  needs: { machine: checkMachine },
  run: async ({ machine: { instance } }, context, { note, warn }): Promise<Health | undefined> => {
    const health = await findHealth(context, instance);
    if (!health) return undefined;
    note(`healthy, proven at ${health.provenAt}`);
    // otherwise the proof looks, at the end: the master may end when the API server comes back
    const lost = lostWarning(await findOwnMaster(instance, context.config.master), context.config);
    if (lost) warn(lost);
    return health;
  },
});

/** Why a step that writes to the cluster has nothing to do. */
export const unchanged = ({ provenAt }: Pick<Health, 'provenAt'>): string =>
  `nothing changed since the proof at ${provenAt}`;
