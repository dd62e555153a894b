import { inject } from 'vitest';
import { connect, type Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { renderAccountKubeconfig } from '../../../src/master/account/kubeconfig.ts';
import { waitForAccountToken } from '../../../src/master/account/token.ts';

export type PolicyRule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
};

const rbac = 'rbac.authorization.k8s.io';

/** Connects as a new account of a cluster that may do what these rules say, and nothing else. */
export const connectWith = async (
  admin: Kube,
  {
    namespace,
    name,
    rules,
  }: { readonly namespace: string; readonly name: string; readonly rules: readonly PolicyRule[] },
  kubeconfig: string = inject('apiServer').kubeconfig,
): Promise<Kube> => {
  const account = { name, namespace };
  const metadata = { name: `${namespace}-${name}` };
  const objects: readonly object[] = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
    {
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' },
      metadata: { ...account, annotations: { 'kubernetes.io/service-account.name': name } },
    },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ];
  for (const object of objects) await admin.create(object as KubeObject);
  const token = await waitForAccountToken(admin, account, { timeoutMs: 30_000 });
  return connect(renderAccountKubeconfig(kubeconfig, { name, token }));
};
