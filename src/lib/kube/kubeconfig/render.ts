// Tested in test/lib/kube/kubeconfig/load.test.ts
import { renderYaml } from '../../template.ts';
import type { Entry } from './parse.ts';

/** One context with the cluster and the user that it names. */
type ContextEntries = { readonly context: Entry; readonly cluster: Entry; readonly user: Entry };

/** A kubeconfig of one context, which is its current one. */
export const renderKubeconfig = ({ context, cluster, user }: ContextEntries): string =>
  renderYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [cluster],
    users: [user],
    contexts: [context],
    'current-context': context.name,
  });

/** The same, with one name for the context, its cluster and its user. */
export const renderNamed = (name: string, { cluster, user }: Readonly<Record<'cluster' | 'user', unknown>>): string =>
  renderKubeconfig({
    context: { name, context: { cluster: name, user: name } },
    cluster: { name, cluster },
    user: { name, user },
  });
