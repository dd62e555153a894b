import { isNotFound, type Kube } from './client.ts';
import type { KubeObject, Selection } from './types.ts';

/** The selected objects; none if the API server does not serve the kind. */
export const listServed = async <T extends KubeObject = KubeObject>(
  kube: Kube,
  selection: Selection,
): Promise<readonly T[]> => {
  try {
    return await kube.list<T>(selection);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
};
