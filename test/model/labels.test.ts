import { expect, test } from 'vitest';
import {
  instanceLabel,
  isManaged,
  isOfInstance,
  labelsOf,
  ownerLabels,
  podSecurityOwner,
  selectorOf,
} from '../../src/model/labels.ts';

const labelled = (labels?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...(labels && { labels }) },
});

test('objects of an instance, and of a component of it, are found by a selector of their labels', () => {
  expect(labelsOf({ instance: 'dev' })[instanceLabel]).toBe('dev');
  expect(selectorOf(labelsOf({ instance: 'dev' }, 'sample-task'))).toBe(
    'app.kubernetes.io/managed-by=taskgate,app.kubernetes.io/component=sample-task,taskgate.dev/instance=dev',
  );
});

test.each([
  [labelsOf({ instance: 'dev' }), true],
  [{ 'app.kubernetes.io/managed-by': 'Helm' }, false],
  [undefined, false],
])('managed %#', (labels, managed) => {
  expect(isManaged(labelled(labels))).toBe(managed);
});

const [ours, theirs, unmarked] = [
  ownerLabels({ instance: 'dev', instanceId: '01' }),
  ownerLabels({ instance: 'dev', instanceId: '02' }),
  ownerLabels({ instance: 'dev' }),
];

test('an id is a second label', () => {
  expect(ours).toEqual({ 'taskgate.dev/instance': 'dev', 'taskgate.dev/instance-id': '01' });
  expect(unmarked).toStrictEqual({ 'taskgate.dev/instance': 'dev' });
});

test.each([
  ['an instance with an id', { instance: 'dev', instanceId: '01' }, [ours]],
  ['one that an older taskgate made', { instance: 'dev', instanceId: '01', ownsUnmarked: true }, [ours, unmarked]],
  ['one that has no id yet', { instance: 'dev' }, [unmarked]],
  ['one of another name', { instance: 'other', instanceId: '01', ownsUnmarked: true }, []],
])('objects of %s', (_, owner, own) => {
  const all = [ours, theirs, unmarked, undefined];
  expect(all.filter((labels) => isOfInstance(labelled(labels), owner))).toEqual(own);
});

test('whose a Pod Security level is: by the id, or the name of an instance that has none', () => {
  expect(podSecurityOwner({ instance: 'dev', instanceId: '01' })).toBe('01');
  expect(podSecurityOwner({ instance: 'dev' })).toBe('dev');
});
