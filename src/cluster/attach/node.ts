import { UserError } from '../../lib/errors.ts';
import { isReady, type Node } from '../../lib/kube/shapes.ts';
import type { HostRoute } from './route.ts';

/** A node that pods can run on, and its address inside the cluster's network. */
export type Candidate = { readonly name: string; readonly address: string };

/** Why pods cannot be scheduled on a node; undefined if they can. */
const unusable = (node: Node): string | undefined => {
  const { spec, status } = node;
  if (!isReady(node)) return 'is not Ready';
  if (spec?.unschedulable) return 'is cordoned';
  const taint = spec?.taints?.find(({ effect }) => effect !== 'PreferNoSchedule');
  if (taint) return `is tainted ${taint.key}`;
  return status?.addresses?.some(({ type }) => type === 'InternalIP') ? undefined : 'has no InternalIP';
};

/** The nodes that pods can run on. If there is none, throws UserError `cluster.no-node` with the reason for each. */
export const findCandidates = (nodes: readonly Node[]): readonly Candidate[] => {
  const usable = nodes.filter((node) => unusable(node) === undefined);
  const candidates = usable.flatMap(({ metadata: { name }, status }) => {
    const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    return address ? [{ name, address }] : [];
  });
  if (candidates.length > 0) return candidates;
  const seen = nodes.map((node) => `${node.metadata.name} ${unusable(node)}`).join(', ');
  throw new UserError(`no node of the cluster can run pods: ${seen || 'it has no nodes'}`, {
    id: 'cluster.no-node',
    hint: 'one node must be Ready, schedulable and without taints; see: kubectl describe nodes',
  });
};

type Routed = Candidate & { readonly route: HostRoute | undefined };

const rank = ({ route }: Routed): number => (route ? (route.isSpecific ? 0 : 1) : 2);

/** Prefers a node with a specific route, then one via the default route. */
export const chooseNode = (candidates: readonly Routed[]): Routed =>
  candidates.reduce((best, one) => (rank(one) < rank(best) ? one : best));
