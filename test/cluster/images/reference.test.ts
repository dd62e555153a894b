import { expect, test } from 'vitest';
import { findFullName, fullNameOf } from '../../../src/cluster/images/reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['python:3', 'docker.io/library/python:3'],
  ['python', 'docker.io/library/python:latest'],
  ['docker.io/python:3', 'docker.io/library/python:3'],
  ['index.docker.io/library/python:3', 'docker.io/library/python:3'],
  ['me/task:1', 'docker.io/me/task:1'],
  ['localhost/task:1', 'localhost/task:1'],
  ['localhost:5000/task', 'localhost:5000/task:latest'],
  ['ghcr.io/a/b/c:v1.2_x-y', 'ghcr.io/a/b/c:v1.2_x-y'],
  ['REGISTRY/x:1', 'REGISTRY/x:1'],
  [`a@${digest}`, `docker.io/library/a@${digest}`],
  [`a:1@${digest}`, `docker.io/library/a@${digest}`],
  ['a__b/c--d.e:1', 'docker.io/a__b/c--d.e:1'],
])('%s is %s in full', (name, full) => {
  expect(findFullName(name)).toBe(full);
  expect(findFullName(full)).toBe(full);
});

test.each([
  '',
  'Python:3',
  'a:',
  'a b',
  'a//b',
  '/a',
  'a/',
  '-a',
  'a:b:c',
  'a@sha256:12',
  'a\n',
  `a:${'t'.repeat(129)}`,
  'http://a/b',
  'd__ocker.io/library/python:3',
])('%j is no name', (name) => {
  expect(findFullName(name)).toBeUndefined();
  expect(() => fullNameOf(name)).toThrow(expect.objectContaining({ id: 'usage.image-name' }));
});
