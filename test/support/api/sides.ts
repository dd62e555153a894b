import { type Kube, KubeError } from '../../../src/lib/kube/client.ts';
import { discovery } from '../../../src/lib/kube/discovery.ts';
import { kubeHttp } from '../../../src/lib/kube/http.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { kindsOfContract } from './objects.ts';

/** A cluster as the contract sees it: the real API server, or the fake. */
export type Side = {
  readonly kube: Kube;
  readonly namespace: string;
  /** Another client's write of a whole object, with its status. */
  readonly put: (object: KubeObject) => Promise<void>;
};

/** A client with another field manager, which replaces objects. */
export const otherClient = (kubeconfig: string): Side['put'] => {
  const http = kubeHttp(kubeconfig);
  const pathOf = discovery(http);
  const query = { fieldManager: 'another-client' };
  const read = async (path: string): Promise<string | undefined> => {
    try {
      const { metadata } = JSON.parse(await (await http(path)).text()) as KubeObject;
      return metadata.resourceVersion;
    } catch (error) {
      if (error instanceof KubeError && error.code === 404) return undefined;
      throw error;
    }
  };
  return async (object) => {
    const { apiVersion, kind, metadata } = object;
    const place = { apiVersion, kind, ...(metadata.namespace && { namespace: metadata.namespace }) };
    const path = await pathOf({ ...place, name: metadata.name });
    const at = (resourceVersion: string) => ({ ...object, metadata: { ...metadata, resourceVersion } });
    const found = await read(path);
    if (found === undefined) await http(await pathOf(place), { method: 'POST', query, body: object });
    else await http(path, { method: 'PUT', query, body: at(found) });
    if (!('status' in object)) return;
    await http(`${path}/status`, { method: 'PUT', query, body: at((await read(path)) ?? '') });
  };
};

export const fakeSide = (namespace: string): Side => {
  const fake = fakeKube({ kinds: kindsOfContract, absentKinds: ['example.com/v1/Nothing'] });
  return { kube: fake.kube, namespace, put: async (object) => fake.put(object) };
};
