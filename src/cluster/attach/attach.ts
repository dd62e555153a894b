import { instancePaths } from '../../instance/paths.ts';
import type { AttachTarget } from '../../instance/record.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { writeFileAtomically } from '../../lib/files.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { loadKubeconfig } from '../../lib/kube/kubeconfig/load.ts';
import { findClearText, findPluginCommand } from '../../lib/kube/kubeconfig/plugin.ts';
import type { Node } from '../../lib/kube/shapes.ts';
import { notRunningHint } from '../../lib/kube/unreachable.ts';
import type { Runner } from '../../lib/process/runner.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ClusterProvider } from '../provider.ts';
import { chooseNode, findCandidates } from './node.ts';
import { externalAddress, findRoute } from './route.ts';

/** An existing cluster, named by a context of the user's kubeconfig. */
export type AttachSpec = AttachTarget & {
  /** The instance's name. */
  readonly name: string;
  readonly instanceDir: string;
};

export type AttachTools = {
  readonly runner: Runner;
  readonly connect: (kubeconfig: string, kubeContext: string) => Kube;
};

/** Throws UserError `usage.context-not-allowed` unless the user named the context twice. */
const verifyAllowed = ({ context, allowContext }: AttachSpec): void => {
  if (allowContext === context) return;
  const seen = allowContext === undefined ? 'no context is allowed' : `--allow-context names '${allowContext}'`;
  throw new UserError(`context '${context}' may not be changed: ${seen}`, {
    id: 'usage.context-not-allowed',
    hint: `taskgate installs Contour and patches CRDs there; to allow that: --allow-context ${context}`,
  });
};

/** Runs a request to the API server, and explains its failure. */
const asking = async <T>(context: string, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    const see = `see: kubectl --context ${context} get nodes`;
    if (error instanceof UserError && error.id === 'cluster.api') {
      throw new UserError(`context '${context}': ${error.message}`, {
        id: 'cluster.api',
        hint: error.hint === notRunningHint ? `is the cluster running? ${see}` : `${error.hint}; ${see}`,
        cause: error,
      });
    }
    if (!(error instanceof KubeError)) throw error;
    throw new UserError(`context '${context}': the API server refused the request: ${messageOf(error)}`, {
      id: 'cluster.refused',
      hint: [401, 403].includes(error.code)
        ? `its user must have valid credentials of an administrator of the cluster; see: kubectl --context ${context} auth can-i '*' '*'`
        : `${error.hint}; ${see}`,
      cause: error,
    });
  }
};

/** Opens the attached cluster with the user's kubeconfig. Writes nothing. */
export const openAttached = async (spec: AttachSpec, { connect }: AttachTools) => {
  verifyAllowed(spec);
  const { context } = spec;
  const kubeconfig = await loadKubeconfig(spec.kubeconfigPaths, context);
  const kube = connect(kubeconfig, context);
  /** The program that gives the credentials, if there is one. */
  const plugin = findPluginCommand(kubeconfig);
  /** The server to which the credentials go unencrypted. */
  const clearText = findClearText(kubeconfig);
  return {
    kubeconfig,
    plugin,
    clearText,
    ask: <T>(question: (kube: Kube) => Promise<T>) => asking(context, () => question(kube)),
  };
};

export const listNodes = (kube: Kube): Promise<readonly Node[]> => kube.list<Node>({ apiVersion: 'v1', kind: 'Node' });

/** Throws UserError `cluster.no-host-address` if neither a route nor an interface gives an address for pods to dial. */
const locate = async (nodes: readonly Node[], runner: Runner) => {
  const routing = findCandidates(nodes).map(async (one) => ({ ...one, route: await findRoute(one.address, runner) }));
  const { name, address, route } = chooseNode(await Promise.all(routing));
  const hostAddress = route?.source ?? externalAddress();
  if (hostAddress) return { nodeName: name, nodeAddress: address, hostAddress };
  throw new UserError(`this host has no address that the cluster's node ${name} (${address}) can reach`, {
    id: 'cluster.no-host-address',
    hint: 'is a network interface up?',
  });
};

/** A cluster that taskgate neither starts nor stops: it only manages objects in it. */
export const attach = (spec: AttachSpec, tools: AttachTools): ClusterProvider => ({
  find: async () => {
    const { ask } = await openAttached(spec, tools);
    await ask((kube) => kube.text('/version'));
    return 'running';
  },
  start: async (): Promise<Cluster> => {
    const { kubeconfig, ask } = await openAttached(spec, tools);
    const location = await locate(await ask(listNodes), tools.runner);
    const { kubeconfigPath } = instancePaths(spec.instanceDir);
    await writeFileAtomically(kubeconfigPath, kubeconfig);
    return { name: spec.name, provider: 'attach', kubeconfigPath, kubeContext: spec.context, ...location };
  },
  /** Its nodes pull images; nothing can be loaded into them from here. */
  loadImages: async () => undefined,
  stop: async () => undefined,
  delete: async () => undefined,
});
