import { KubeError } from '../../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../../src/lib/kube/types.ts';
import { leastOf } from '../objects.ts';
import type { Side } from '../sides.ts';

/** What the fake offers, and what the API server does: each row is tried on both. */
export type Row = { readonly run: (side: Side) => Promise<unknown>; readonly sees: unknown };

export type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>> };
export type Listening = KubeObject & {
  readonly spec: { readonly listeners: readonly { readonly name: string; readonly port: number }[] };
  readonly status?: { readonly addresses?: readonly object[]; readonly conditions?: readonly object[] };
};

export const mapOf = (
  namespace: string,
  data: ConfigMap['data'] = {},
  more: Partial<KubeObject['metadata']> = {},
): ConfigMap => {
  const map = leastOf('ConfigMap', namespace);
  return { ...map, metadata: { ...map.metadata, ...more }, data };
};
export const listener = (name: string, port: number) => ({ name, port, protocol: 'TCP' });
export const gatewayOf = (namespace: string, ...listeners: readonly object[]): Listening =>
  ({ ...leastOf('Gateway', namespace), spec: { gatewayClassName: 'one', listeners } }) as Listening;
export const seed = listener('seed', 1025);

/** `ok`, or what was refused. */
export const outcome = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return `${error.code} ${error.reason}`;
  }
};
export const dataOf = async ({ kube, namespace }: Side) => (await kube.get<ConfigMap>(mapOf(namespace))).data;
export const listenersOf = async ({ kube, namespace }: Side) =>
  (await kube.get<Listening>(gatewayOf(namespace))).spec.listeners.map(({ name, port }) => `${name} ${port}`);
export const generationOf = async ({ kube, namespace }: Side) =>
  (await kube.get(gatewayOf(namespace))).metadata.generation;
