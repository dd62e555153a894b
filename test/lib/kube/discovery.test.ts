import { expect, test } from 'vitest';
import { collectionOf, discovery, selectorsOf } from '../../../src/lib/kube/discovery.ts';
import type { KubeHttp } from '../../../src/lib/kube/http.ts';

type Resource = { readonly name: string; readonly kind: string; readonly namespaced: boolean };

const pods = { name: 'pods', kind: 'Pod', namespaced: true };
const podLogs = { name: 'pods/log', kind: 'Pod', namespaced: true };
const nodes = { name: 'nodes', kind: 'Node', namespaced: false };

const serving = (resources: readonly Resource[]) => {
  const served = [...resources];
  const asked: string[] = [];
  const http: KubeHttp = async (path) => {
    asked.push(path);
    return { text: async () => JSON.stringify({ resources: served }), lines: async function* () {} };
  };
  return { pathOf: discovery(http), asked, serve: (resource: Resource) => served.push(resource) };
};

test.each([
  [{ kind: 'Pod', namespace: 'team', name: 'p' }, '/api/v1/namespaces/team/pods/p'],
  [{ kind: 'Pod' }, '/api/v1/pods'],
  [{ kind: 'Node', name: 'n' }, '/api/v1/nodes/n'],
  [{ kind: 'Node', namespace: 'team' }, '/api/v1/nodes'],
])('the path of %j is %s', async (selection, path) => {
  const { pathOf } = serving([podLogs, pods, nodes]);
  expect(await pathOf({ apiVersion: 'v1', ...selection })).toBe(path);
});

test('a version is discovered once, and again for a kind that it did not serve', async () => {
  const { pathOf, asked, serve } = serving([pods]);
  const node = { apiVersion: 'apps/v1', kind: 'Node' };
  await pathOf({ apiVersion: 'apps/v1', kind: 'Pod' });
  await pathOf({ apiVersion: 'apps/v1', kind: 'Pod' });
  expect(asked).toEqual(['/apis/apps/v1']);
  await expect(pathOf(node)).rejects.toMatchObject({ code: 404, message: 'the API server has no Node in apps/v1' });
  serve(nodes);
  expect(await pathOf(node)).toBe('/apis/apps/v1/nodes');
});

test('a name selects one object of a collection', () => {
  const selection = { apiVersion: 'v1', kind: 'Pod', namespace: 'team', name: 'p', labelSelector: 'app=x' };
  expect(collectionOf(selection)).toEqual({ apiVersion: 'v1', kind: 'Pod', namespace: 'team' });
  expect(selectorsOf({ ...selection, fieldSelector: 'spec.nodeName=n' })).toEqual({
    labelSelector: 'app=x',
    fieldSelector: 'spec.nodeName=n,metadata.name=p',
  });
});
