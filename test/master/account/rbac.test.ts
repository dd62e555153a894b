import { expect, test } from 'vitest';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { parseYamlStream } from '../../../src/lib/template.ts';
import { masterAccount, masterAccountObjects, renderManifest } from '../../../src/master/account/rbac.ts';
import { rightsChecks } from '../../../src/master/account/rights-check.ts';

const place = { taskNamespace: 'team', gateway: { name: 'contour', namespace: 'projectcontour' } };
const account = { name: 'taskgate-dev-master', namespace: 'projectcontour' };

type Rule = Readonly<Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>> & {
  readonly resourceNames?: readonly string[];
};
type Role = KubeObject & { readonly rules: readonly Rule[] };
type Binding = KubeObject & { readonly roleRef: object; readonly subjects: readonly object[] };

const read = (objects: readonly KubeObject[]) => parseYamlStream(renderManifest(objects)) as readonly KubeObject[];
const rolesOf = (objects: readonly KubeObject[]) => objects.filter(({ kind }) => kind.endsWith('Role')) as Role[];

test('an account, its token and three roles with their bindings, each in its namespace', () => {
  const objects = read(masterAccountObjects({ instance: 'dev' }, place));
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? '-'}/${metadata.name}`)).toEqual([
    'ServiceAccount projectcontour/taskgate-dev-master',
    'Secret projectcontour/taskgate-dev-master',
    'ClusterRole -/taskgate-dev-master',
    'ClusterRoleBinding -/taskgate-dev-master',
    'Role team/taskgate-dev-master-tasks',
    'RoleBinding team/taskgate-dev-master-tasks',
    'Role projectcontour/taskgate-dev-master-gateway',
    'RoleBinding projectcontour/taskgate-dev-master-gateway',
  ]);
  expect(masterAccount('dev', place)).toEqual(account);
  expect(objects[1]).toMatchObject({
    type: 'kubernetes.io/service-account-token',
    metadata: { annotations: { 'kubernetes.io/service-account.name': account.name } },
  });
  for (const { metadata } of objects) expect(metadata.labels).toMatchObject({ 'taskgate.dev/instance': 'dev' });
});

test('each binding binds the role of its own name to the account', () => {
  const objects = masterAccountObjects({ instance: 'dev' }, place);
  const bindings = objects.filter(({ kind }) => kind.endsWith('Binding')) as Binding[];
  expect(bindings).toHaveLength(3);
  for (const { kind, metadata, roleRef, subjects } of bindings) {
    const wanted = { apiGroup: 'rbac.authorization.k8s.io', kind: kind.replace('Binding', ''), name: metadata.name };
    expect(roleRef).toEqual(wanted);
    expect(subjects).toEqual([{ kind: 'ServiceAccount', ...account }]);
  }
});

test('the roles grant exactly what is asked for', () => {
  const granted = rolesOf(masterAccountObjects({ instance: 'dev' }, place)).flatMap(
    ({ metadata: { namespace }, rules }) =>
      rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
        verbs.map((verb) => ({
          namespace,
          group: apiGroups[0],
          resource: resources[0],
          verb,
          name: resourceNames?.[0],
        })),
      ),
  );
  const asked = rightsChecks(place).map(({ question: { namespace, group, resource, verb, name } }) => ({
    ...{ namespace, group, resource, verb, name },
  }));
  expect(granted).toHaveLength(asked.length);
  expect(granted).toEqual(expect.arrayContaining(asked));
});

test('nothing is granted by a wildcard, and nothing that shows secrets or runs a shell in a pod', () => {
  for (const { rules } of rolesOf(masterAccountObjects({ instance: 'dev' }, place))) {
    for (const { apiGroups, resources, verbs } of rules) {
      expect([...apiGroups, ...resources, ...verbs]).not.toContain('*');
      expect(resources.filter((name) => /secrets|exec|attach|roles|serviceaccounts/.test(name))).toEqual([]);
    }
  }
});
