import type { Kube } from '../../../src/lib/kube/client.ts';
import { collectionOf, discovery } from '../../../src/lib/kube/discovery.ts';
import { kubeHttp } from '../../../src/lib/kube/http.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';

/**
 * A client that has each object that it writes checked first, by a dry run for which the API server refuses every field that
 * it does not know or that is there twice. `kinds` gets the kind of each object that passed.
 */
export const strictly = (kube: Kube, kubeconfig: string, kinds: Set<string>): Kube => {
  const http = kubeHttp(kubeconfig);
  const pathOf = discovery(http);
  const query = { fieldManager: 'taskgate', dryRun: 'All', fieldValidation: 'Strict' };
  const check = async (object: KubeObject, method: 'POST' | 'PATCH'): Promise<void> => {
    const { apiVersion, kind, metadata } = object;
    const named = {
      apiVersion,
      kind,
      name: metadata.name,
      ...(metadata.namespace && { namespace: metadata.namespace }),
    };
    if (method === 'POST') await http(await pathOf(collectionOf(named)), { method, query, body: object });
    else {
      const contentType = 'application/apply-patch+yaml';
      await http(await pathOf(named), { method, contentType, query: { ...query, force: 'true' }, body: object });
    }
    kinds.add(`${apiVersion}/${kind}`);
  };
  return {
    ...kube,
    apply: async (object, options) => {
      await check(object, 'PATCH');
      return kube.apply(object, options);
    },
    create: async (object, options) => {
      await check(object, 'POST');
      return kube.create(object, options);
    },
  };
};
