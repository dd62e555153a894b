import { findReady, isNodeReady } from '../../cluster/readiness.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import type { Node } from '../../lib/kube/shapes.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Problem } from '../../model/problem.ts';

type NodeOf = Pick<Cluster, 'nodeName' | 'kubeconfigPath'>;

export type NodeHints = {
  /** Where to look when a node is not Ready. */
  readonly look: string;
  /** The command that repairs the instance. */
  readonly up: string;
};

const canTakePods = (node: Node): boolean =>
  findReady(node.status)?.status === 'True' && !node.spec?.unschedulable && (node.spec?.taints ?? []).length === 0;

/**
 * What is wrong with the instance's node. One that is cordoned while others take new pods is as it should be: Envoy is a
 * DaemonSet, so traffic to its address flows on.
 */
export const findNodeProblems = (
  nodes: readonly Node[],
  { provider, cluster }: Pick<InstanceRecord, 'provider'> & { readonly cluster: NodeOf },
  { look, up }: NodeHints,
): readonly Problem[] => {
  const name = cluster.nodeName;
  const own = nodes.filter(({ metadata }) => metadata.name === name);
  const verdict = isNodeReady(new Date(0))(own);
  const hasOthers = nodes.some((node) => node.metadata.name !== name && canTakePods(node));
  const isCordoned = own.some((node) => node.spec?.unschedulable && findReady(node.status)?.status === 'True');
  if (verdict === true || (isCordoned && hasOthers)) return [];
  const uncordon = `kubectl --kubeconfig ${cluster.kubeconfigPath} uncordon ${name}`;
  // an attached cluster's node is chosen anew by each up
  const another = provider === 'attach' && hasOthers ? `; another node can take its place: ${up}` : '';
  const hint = isCordoned ? `${uncordon}; then ${up}` : `${look}${another}`;
  return [{ id: 'cluster.node-not-ready', message: `node ${name}: ${verdict}`, hint }];
};
