import { expect, test } from 'vitest';
import { findOriginProblems, isRemote } from '../../src/artifacts/origin-rules.ts';

const problems = (url: string, trustMirror = false) =>
  findOriginProblems({ mirror: { url }, trustMirror }).map(({ message }) => message);

test.each([
  'https://mirror.example/x',
  'http://localhost:1',
  'http://127.9.9.9/x',
  'http://[::1]:80',
])('%s may be a mirror', (url) => expect(problems(url)).toEqual([]));

test.each([
  'http://mirror.example',
  'http://127.0.0.1.nip.io',
  'http://10.0.0.1',
  'http://[::2]',
])('%s is refused, unless the mirror is trusted', (url) => {
  expect(problems(url)).toEqual([expect.stringMatching(/^is plain http to /)]);
  expect(problems(url, true)).toEqual([]);
});

test('a query would hold a token, and no file could be asked for', () =>
  expect(problems('https://mirror.example/x?token=1', true)).toEqual(['has a query or a fragment']));

test.each([
  ['https://ci:secret@host/bundle', true],
  ['git+ssh://git@host/x', true],
  ['git@host:team/bundle', true],
  ['./me@host:x', false],
  ['/media/me@host/bundle', false],
  ['bundle', false],
])('bundle %s: a URL? %s', (bundle, expected) => {
  expect(isRemote(bundle)).toBe(expected);
  expect(findOriginProblems({ trustMirror: false, bundle })).toHaveLength(expected ? 1 : 0);
});
