import { expect, test } from 'vitest';
import { findAccountProblems } from '../../../src/commands/status/account.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { masterAccountObjects, type Role } from '../../../src/master/account/rbac.ts';
import type { ProviderName } from '../../../src/model/cluster.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { instanceRecord } from '../../support/context.ts';

const gateway = { name: 'contour', namespace: 'projectcontour' };
const settings = { gateway, master: { taskNamespace: 'team' } };
const objects = masterAccountObjects({ instance: 'dev' }, { taskNamespace: 'team', gateway });
const kinds = [...new Set(objects.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`))];

/** As `config account` made it before it knew of `pods: delete`. */
const earlier = objects.map((object): KubeObject => {
  if (!('rules' in object)) return object;
  const rules = (object as Role).rules.map((rule) =>
    rule.resources.includes('pods') ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'delete') } : rule,
  );
  return { ...object, rules } as KubeObject;
});

const find = (existing: readonly KubeObject[], provider: ProviderName = 'native') =>
  findAccountProblems(fakeKube({ kinds, objects: existing }).kube, instanceRecord({ name: 'dev', provider }), settings);

test('an account that an earlier version made is named with what it lacks, and the way out', async () => {
  expect(await find(earlier)).toEqual([
    {
      id: 'environment.master-rights',
      message:
        'the account of the master lacks what a master needs by now, in Role taskgate-dev-master-tasks: delete pods',
      hint: 'run: taskgate up --name dev; its kubeconfig and token stay as they are',
    },
  ]);
});

test('on an attached cluster, where roles may be another’s to change, its administrator is named, too', async () => {
  expect(await find(earlier, 'attach')).toMatchObject([
    {
      id: 'environment.master-rights',
      hint: 'run: taskgate up --name dev, or, where you may not change roles, let an administrator run: taskgate config account --name dev; its kubeconfig and token stay as they are',
    },
  ]);
});

test('a right that a master works without is no problem', async () => {
  const optional = objects.map((object): KubeObject => {
    if (object.kind !== 'ClusterRole') return object;
    const rules = (object as Role).rules.filter(({ resources }) => !resources.includes('nodes'));
    return { ...object, rules } as KubeObject;
  });
  expect(await find(optional)).toEqual([]);
});

test('an account of today is none, and neither is an instance without an account', async () => {
  expect(await find(objects)).toEqual([]);
  expect(await find([])).toEqual([]);
});
