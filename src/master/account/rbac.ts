import type { KubeObject } from '../../lib/kube/types.ts';
import { renderYaml } from '../../lib/template.ts';
import { type InstanceIdentity, labelsOf } from '../../model/labels.ts';
import { type MasterScope, masterRights, type Right, type Scope } from './rights.ts';

type Rule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
};
/** A Role or ClusterRole. */
export type Role = KubeObject & { readonly rules: readonly Rule[] };
type Account = { readonly name: string; readonly namespace: string };

const ruleOf = ({ group, resource, scope, verbs }: Right, place: MasterScope): Rule => ({
  apiGroups: [group],
  resources: [resource],
  verbs: Object.keys(verbs),
  ...(scope === 'gateway' && { resourceNames: [place.gateway.name] }),
});

const rbac = 'rbac.authorization.k8s.io';

type RoleOwner = { readonly owner: InstanceIdentity; readonly account: Account; readonly namespace?: string };

/** A role and its binding; without a namespace, a ClusterRole and a ClusterRoleBinding. */
const rolePair = (name: string, rules: readonly Rule[], place: RoleOwner): readonly KubeObject[] => {
  const { owner, namespace, account } = place;
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const labels = labelsOf(owner, 'master-account');
  const metadata = { name, ...(namespace !== undefined && { namespace }), labels };
  const subjects = [{ kind: 'ServiceAccount', ...account }];
  const roleRef = { apiGroup: rbac, kind, name };
  const role = { apiVersion: `${rbac}/v1`, kind, metadata, rules };
  const binding = { apiVersion: `${rbac}/v1`, kind: `${kind}Binding`, metadata, roleRef, subjects };
  return [role, binding];
};

type Rules = (scope: Scope) => readonly Rule[];

const rulesFrom =
  (rights: readonly Right[], place: MasterScope): Rules =>
  (scope) =>
    rights.filter((right) => right.scope === scope).map((right) => ruleOf(right, place));

/**
 * Name and namespace of the ServiceAccount of an instance's master. It is in the Gateway's namespace: task pods could use
 * an account in theirs. Its token is in the Secret of the same name.
 */
export const masterAccount = (instance: string, { gateway }: MasterScope): Account => ({
  name: `taskgate-${instance}-master`,
  namespace: gateway.namespace,
});

const accountObjects = (owner: InstanceIdentity, account: Account): readonly KubeObject[] => {
  const labels = labelsOf(owner, 'master-account');
  const token = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...account, labels, annotations: { 'kubernetes.io/service-account.name': account.name } },
    type: 'kubernetes.io/service-account-token',
  };
  return [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...account, labels } }, token];
};

/** An account with exactly these rights, a master's unless given: ServiceAccount, token Secret, roles and bindings. */
export const masterAccountObjects = (
  owner: InstanceIdentity,
  place: MasterScope,
  rights: readonly Right[] = masterRights,
): readonly KubeObject[] => {
  const rulesOf = rulesFrom(rights, place);
  const account = masterAccount(owner.instance, place);
  const { name, namespace } = account;
  const all = { owner, account };
  return [
    ...accountObjects(owner, account),
    ...rolePair(name, rulesOf('cluster'), all),
    ...rolePair(`${name}-tasks`, rulesOf('tasks'), { ...all, namespace: place.taskNamespace }),
    ...rolePair(`${name}-gateway`, rulesOf('gateway'), { ...all, namespace }),
  ];
};

/** Objects as a file for `kubectl apply -f`; each names its namespace, so it does not depend on the current one. */
export const renderManifest = (objects: readonly KubeObject[]): string =>
  objects.map((object) => `---\n${renderYaml(object)}`).join('');
