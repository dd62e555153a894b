import { expect, test } from 'vitest';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { findOutdatedRoles } from '../../../src/master/account/outdated.ts';
import { masterAccountObjects, type Role } from '../../../src/master/account/rbac.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';

const place = { taskNamespace: 'team', gateway: { name: 'contour', namespace: 'projectcontour' } };
const owner = { instance: 'dev' };
const objects = masterAccountObjects(owner, place);
const kinds = [...new Set(objects.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`))];

const without = (verb: string, resource: string) => (object: KubeObject) =>
  'rules' in object
    ? {
        ...object,
        rules: (object as Role).rules.map((rule) =>
          rule.resources[0] === resource ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
        ),
      }
    : object;

const find = (existing: readonly KubeObject[], more: Parameters<typeof fakeKube>[0] = {}) =>
  findOutdatedRoles(fakeKube({ kinds, objects: existing, ...more }).kube, owner, place);

test('an account of today lacks nothing, and no account is none', async () => {
  expect(await find(objects)).toEqual([]);
  expect(await find([])).toEqual([]);
});

test('one that an earlier version made lacks what has come since, in each role', async () => {
  const earlier = objects.map(without('delete', 'pods')).map(without('patch', 'nodes'));
  expect(await find(earlier)).toEqual([
    { role: objects.find(({ kind }) => kind === 'ClusterRole'), lacks: ['patch nodes'], needs: [] },
    {
      role: objects.find(({ metadata }) => metadata.name === 'taskgate-dev-master-tasks'),
      ...{ lacks: ['delete pods'], needs: ['delete pods'] },
    },
  ]);
});

test('a right that is optional in one place and needed in another is told apart', async () => {
  const [role] = await find(objects.map(without('list', 'pods')));
  expect(role).toMatchObject({ role: { kind: 'ClusterRole' }, lacks: ['list pods'], needs: [] });
  const [, tasks] = await find(objects.map(without('list', 'pods')));
  expect(tasks).toMatchObject({ role: { kind: 'Role' }, needs: ['list pods'] });
});

test('a role that somebody deleted lacks all of it', async () => {
  const rest = objects.filter(({ metadata }) => metadata.name !== 'taskgate-dev-master-gateway');
  expect((await find(rest)).map(({ lacks }) => lacks)).toEqual([
    ['get gateways.gateway.networking.k8s.io contour', 'update gateways.gateway.networking.k8s.io contour'],
  ]);
});

test('more rights than needed are no matter of this', async () => {
  const more = objects.map((object) =>
    'rules' in object
      ? { ...object, rules: [...(object as Role).rules, { apiGroups: [''], resources: ['nodes'], verbs: ['get'] }] }
      : object,
  );
  expect(await find(more)).toEqual([]);
});

test("somebody else's account is left alone, and so is one that may not be read", async () => {
  const theirs = objects.map((object) => ({ ...object, metadata: { ...object.metadata, labels: {} } }));
  expect(await find(theirs.map(without('delete', 'pods')))).toEqual([]);
  const refuse = (call: string) => (call.startsWith('find ') ? refusal(403, 'Forbidden', 'no') : undefined);
  expect(await find(objects.map(without('delete', 'pods')), { refuse })).toEqual([]);
});
