import { KubeError } from '../../../src/lib/kube/client.ts';
import type { ObjectRef } from '../../../src/lib/kube/types.ts';

type KindRef = { readonly apiVersion: string; readonly kind: string };

/** A refusal as the API server sends it. */
export const refusal = (code: number, reason: string, message: string): KubeError =>
  new KubeError(code, reason, message);

export const kindOf = ({ apiVersion, kind }: KindRef): string => `${apiVersion}/${kind}`;
export const placeOf = ({ metadata: { namespace, name } }: ObjectRef): string =>
  namespace ? `${namespace}/${name}` : name;
