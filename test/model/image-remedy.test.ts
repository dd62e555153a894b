import { expect, test } from 'vitest';
import { describeImageRemedy } from '../../src/model/image-remedy.ts';

const node = (providerID?: string, labels?: Readonly<Record<string, string>>) => ({
  metadata: { ...(labels && { labels }) },
  ...(providerID !== undefined && { spec: { providerID } }),
});

test.each([
  [
    'kind',
    node('kind://docker/my-cluster/my-cluster-control-plane'),
    'load it: kind load docker-image a/b:1 --name my-cluster',
  ],
  ['Minikube', node(undefined, { 'minikube.k8s.io/name': 'two' }), 'load it: minikube image load a/b:1 --profile two'],
  ['k3s', node('k3s://lab'), 'load it into each node: k3s ctr images import FILE, or k3d image import a/b:1'],
  [
    'a cloud',
    node('aws:///eu-west-1a/i-0'),
    'give the nodes access to the registry of a/b:1, or load the image into each of them',
  ],
  [
    'one that says nothing',
    node(),
    'give the nodes access to the registry of a/b:1, or load the image into each of them',
  ],
])('%s: its own way', (_, one, hint) => {
  expect(describeImageRemedy([one], 'a/b:1')).toBe(hint);
});

test('no node at all', () => {
  expect(describeImageRemedy([], 'a/b:1')).toMatch(/^give the nodes access/);
});
