import { entriesOf, kubeconfigError, parseKubeconfig } from '../../lib/kube/kubeconfig/parse.ts';
import { renderKubeconfig } from '../../lib/kube/kubeconfig/render.ts';

const hint = "use the one in the instance's folder";

/**
 * A kubeconfig for an account, with the cluster of another kubeconfig and a token as the user. Throws UserError
 * `usage.kubeconfig` unless that kubeconfig has exactly one cluster, as those that taskgate writes.
 */
export const renderAccountKubeconfig = (
  text: string,
  { name, token }: { readonly name: string; readonly token: string },
): string => {
  const clusters = entriesOf(parseKubeconfig(text, 'kubeconfig', hint), 'clusters');
  const [cluster, ...others] = clusters;
  if (!cluster || others.length > 0) {
    throw kubeconfigError(`kubeconfig: has ${clusters.length} clusters instead of one`, hint);
  }
  return renderKubeconfig({
    context: { name, context: { cluster: cluster.name, user: name } },
    cluster,
    user: { name, user: { token } },
  });
};
