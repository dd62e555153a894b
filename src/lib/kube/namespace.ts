import type { Kube } from './client.ts';

/** Creates a namespace with these labels; an existing one is left unchanged. */
export const ensureNamespace = async (
  kube: Kube,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  if (!(await kube.find(namespace))) await kube.apply(namespace);
};
