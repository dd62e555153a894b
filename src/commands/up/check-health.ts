import { readFile } from 'node:fs/promises';
import { findReady, type Node } from '../../cluster/readiness.ts';
import { pins } from '../../config/versions.ts';
import type { Instance } from '../../instance/instance.ts';
import { sha256 } from '../../lib/files.ts';
import { connect } from '../../lib/kube/client.ts';
import type { Step } from '../../task-list/step.ts';
import { need, type UpContext } from '../context.ts';
import { foreignMasterId } from '../status/foreign-masters.ts';
import { findStatus } from '../status/look.ts';
import { checkMachine } from './check-machine.ts';

/** Changes when `up` would make something else than it did. */
export const settingsDigest = ({ gateway, master, ssh, ngrok, minikube }: UpContext['config']): string =>
  sha256(JSON.stringify({ gateway, master, ssh, ngrok, minikube, pins }));

const keeperRun = (instance: Instance): string | undefined => {
  const keeper = instance.record().journal.findLast((resource) => resource.kind === 'keeper')?.process;
  return keeper && JSON.stringify(keeper);
};

const nodeRun = (nodes: readonly Node[]): string =>
  nodes
    .map(
      ({ metadata, status }) => `${metadata.name} ${findReady(status)?.lastTransitionTime} ${status?.nodeInfo?.bootID}`,
    )
    .toSorted()
    .join(', ');

/** What tells this run of the cluster from one that was started anew since; undefined when there is none. */
export const findRun = async (instance: Instance): Promise<string | undefined> => {
  const { provider, cluster } = instance.record();
  if (provider === 'native') return keeperRun(instance);
  if (!cluster) return undefined;
  const kube = connect(await readFile(cluster.kubeconfigPath, 'utf8'), cluster.kubeContext);
  return nodeRun(await kube.list<Node>({ apiVersion: 'v1', kind: 'Node' }));
};

/** Whether nothing has changed since the last proof: same run, same settings, nothing wrong to be seen. */
const findProof = async (context: UpContext): Promise<string | undefined> => {
  const instance = need(context, 'instance');
  const { proven } = instance.record();
  // a cluster that may be made anew has nothing of what was proven
  if (!proven || context.config.recreate || proven.settings !== settingsDigest(context.config)) return undefined;
  const status = await findStatus(context);
  // another master is the user's matter: nothing that `up` makes would change it
  const ours = status?.problems.filter(({ id }) => id !== foreignMasterId);
  if (!ours || ours.length > 0) return undefined;
  return (await findRun(instance)) === proven.run ? proven.at : undefined;
};

/** On a healthy instance the steps that write to the cluster have nothing to do, and skip. */
export const checkHealth: Step<UpContext> = {
  title: 'Look at what is there',
  after: [checkMachine],
  run: async (context) => {
    const { gateway, master } = need(context, 'instance').record();
    const provenAt = await findProof(context);
    if (!provenAt || !gateway || !master) return undefined;
    Object.assign(context, { provenAt, gateway, master });
    return `healthy, proven at ${provenAt}`;
  },
};

/** Why a step that writes to the cluster has nothing to do. */
export const skipIfHealthy = ({ provenAt }: UpContext): string | false =>
  provenAt !== undefined && `nothing changed since the proof at ${provenAt}`;
