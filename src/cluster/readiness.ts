import { messageOf, UserError } from '../lib/errors.ts';
import { type Kube, KubeError } from '../lib/kube/client.ts';
import type { Node } from '../lib/kube/shapes.ts';
import type { KubeObject } from '../lib/kube/types.ts';
import { polling, type Verdict, waitUntil } from '../lib/wait.ts';

export const findReady = (status: Node['status']) => status?.conditions?.find(({ type }) => type === 'Ready');

/**
 * Ready, with a heartbeat after `since`, not cordoned and without a taint that keeps pods away (PreferNoSchedule does
 * not): a restarted node is still Ready from its previous run, and a
 * new one accepts no pods until the controller manager has removed the not-ready taint.
 */
export const isNodeReady =
  (since: Date) =>
  (nodes: readonly Node[]): Verdict => {
    const [node] = nodes;
    if (!node) return 'not registered yet';
    const ready = findReady(node.status);
    if (ready?.status !== 'True') return ready?.message ?? 'no Ready condition yet';
    // heartbeats are in whole seconds
    if (Date.parse(ready.lastHeartbeatTime ?? '') < since.getTime() - 1_000) return 'no heartbeat since the start';
    if (node.spec?.unschedulable) return `cordoned; kubectl uncordon ${node.metadata.name} lets new pods run there`;
    const taint = node.spec?.taints?.find(({ effect }) => effect !== 'PreferNoSchedule');
    return taint ? `tainted ${taint.key}` : true;
  };

const isThere = (objects: readonly KubeObject[]): Verdict => objects.length > 0 || 'not there yet';

type NodeWait = {
  readonly node: string;
  /** Where to look if it does not get ready. */
  readonly hint: string;
  readonly since: Date;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onVerdict?: (verdict: string) => void;
};

/** Waits until pods can run on the node. */
export const waitForNode = async (kube: Kube, { node, since, ...wait }: NodeWait): Promise<void> => {
  const selection = { apiVersion: 'v1', kind: 'Node', name: node };
  await waitUntil(`Node ${node}`, (signal) => kube.watch<Node>(selection, signal), isNodeReady(since), {
    ...wait,
    id: 'cluster.node-not-ready',
  });
};

type AccountWait = Pick<NodeWait, 'timeoutMs' | 'signal' | 'onVerdict'> & { readonly namespace: string };

/** Waits for the default ServiceAccount of a namespace: without it, no pod is admitted there. */
export const waitForServiceAccount = async (kube: Kube, { namespace, ...wait }: AccountWait): Promise<void> => {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: 'default' };
  await waitUntil(`ServiceAccount of ${namespace}`, (signal) => kube.watch(account, signal), isThere, {
    ...wait,
    id: 'cluster.no-service-account',
    hint: 'see logs/kube-controller-manager.log of the instance',
  });
};

const askKubeProxy = async (kube: Kube, node: string): Promise<Verdict> => {
  try {
    await kube.text(`/api/v1/nodes/${node}:10256/proxy/healthz`);
    return true;
  } catch (error) {
    if (error instanceof KubeError || error instanceof UserError) return messageOf(error);
    throw error;
  }
};

/**
 * Waits until kube-proxy has written the rules of Services on a node where it runs as a pod (kubeadm's): a pod that dials
 * the API server's Service before that waits 10 s in vain. Returns whether kube-proxy was ready in time.
 */
export const waitForKubeProxy = async (
  kube: Kube,
  { node, ...wait }: Omit<NodeWait, 'since' | 'hint'>,
): Promise<boolean> => {
  try {
    const look = polling(() => askKubeProxy(kube, node), 100);
    await waitUntil('kube-proxy', look, (verdict) => verdict, { ...wait, id: 'cluster.node-not-ready' });
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
};

/**
 * The binding that `kubeadm init` creates outside of its phases: the API server's client certificate belongs to this
 * group, and without it `kubectl logs` is forbidden.
 */
export const clusterAdmins = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'kubeadm:cluster-admins' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'Group', name: 'kubeadm:cluster-admins', apiGroup: 'rbac.authorization.k8s.io' }],
} as const;
