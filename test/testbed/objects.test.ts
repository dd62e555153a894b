import { expect, test } from 'vitest';
import { changesBetween, takeSettledSnapshot, takeSnapshot } from '../../scripts/testbed/objects.ts';
import { type Kube, KubeError } from '../../src/lib/kube/client.ts';

/** Answers GETs from a table; a list of answers is given one by one, a thrown one is an error. */
const fakeKube = (answers: Readonly<Record<string, unknown>>) => {
  const calls: string[] = [];
  const text: Kube['text'] = async (path) => {
    calls.push(path);
    const answer = answers[path];
    const next = Array.isArray(answer) ? answer.shift() : answer;
    if (next instanceof Error) throw next;
    if (next === undefined) throw new Error(`not told: ${path}`);
    return JSON.stringify(next);
  };
  return { kube: { text } as Kube, calls };
};

const itemOf = (name: string, resourceVersion: string, namespace?: string) => ({
  metadata: { name, resourceVersion, namespace },
});
const list = ['get', 'list'];
const core = {
  '/apis': { groups: [{ preferredVersion: { groupVersion: 'apps/v1' } }] },
  '/api/v1': {
    resources: [
      { name: 'pods', verbs: list },
      { name: 'pods/status', verbs: ['get'] },
      { name: 'events', verbs: list },
      { name: 'nodes', verbs: list },
    ],
  },
  '/apis/apps/v1': { resources: [{ name: 'deployments', verbs: list }] },
  '/api/v1/pods': { items: [itemOf('web', '7', 'default')] },
};

test('a snapshot holds every object but those that change by themselves', async () => {
  const { kube, calls } = fakeKube({ ...core, '/apis/apps/v1/deployments': { items: [itemOf('web', '8', 'a')] } });
  expect([...(await takeSnapshot(kube))]).toEqual([
    ['pods default/web', '7'],
    ['deployments a/web', '8'],
  ]);
  expect(calls).not.toContain('/api/v1/events');
});

test('a kind that is not cached yet is asked for again', async () => {
  const busy = new KubeError(429, 'TooManyRequests', 'storage is (re)initializing');
  const { kube } = fakeKube({ ...core, '/apis/apps/v1/deployments': [busy, { items: [itemOf('web', '8')] }] });
  expect((await takeSnapshot(kube)).get('deployments web')).toBe('8');
});

test.each([
  ['a group', '/apis/apps/v1'],
  ['a kind', '/apis/apps/v1/deployments'],
])('%s whose CRD goes meanwhile has nothing', async (_, path) => {
  const gone = new KubeError(404, '', '404 page not found');
  const { kube } = fakeKube({ ...core, [path]: gone });
  expect([...(await takeSnapshot(kube)).keys()]).toEqual(['pods default/web']);
});

test('another refusal is not hidden', async () => {
  const forbidden = new KubeError(403, 'Forbidden', 'not allowed');
  const { kube } = fakeKube({ ...core, '/apis/apps/v1/deployments': forbidden });
  await expect(takeSnapshot(kube)).rejects.toThrow('not allowed');
});

test('objects that were made, changed and removed are named', () => {
  const before = new Map([
    ['pods a/one', '1'],
    ['pods a/two', '2'],
    ['pods a/three', '3'],
  ]);
  const after = new Map([
    ['pods a/one', '1'],
    ['pods a/two', '9'],
    ['pods a/four', '4'],
  ]);
  expect(changesBetween(before, after)).toEqual(['changed pods a/two', 'made pods a/four', 'removed pods a/three']);
  expect(changesBetween(before, before)).toEqual([]);
});

test('a settled snapshot waits for what is still written, and for nothing that may change', async () => {
  const versions = ['1', '2', '2', '2'].map((version) => ({ items: [itemOf('web', version, 'a')] }));
  const beating = ['1', '2', '3', '4'].map((version) => ({ items: [itemOf('beat', version, 'b')] }));
  const groups = { '/apis/apps/v1/deployments': versions, '/api/v1/pods': beating };
  const { kube } = fakeKube({ ...core, ...groups });
  const snapshot = await takeSettledSnapshot(kube, / pods /);
  expect([...snapshot]).toEqual([
    ['pods b/beat', '3'],
    ['deployments a/web', '2'],
  ]);
});
