import { expect, test } from 'vitest';
import { parsePairs } from '../../../src/commands/config/patch.ts';

test('pairs of cluster and instance; a cluster name may have an equals sign', () => {
  expect([...parsePairs(['default=dev', 'a=b=second'])]).toEqual([
    ['default', 'dev'],
    ['a=b', 'second'],
  ]);
});

test.each([
  [['dev'], "'dev' is no CLUSTER=INSTANCE"],
  [['=dev'], "'=dev' is no CLUSTER=INSTANCE"],
  [['default='], "'default=' is no CLUSTER=INSTANCE"],
  [['default=dev', 'default=second'], 'cluster default is named twice'],
])('%j is refused', (texts, message) => {
  expect(() => parsePairs(texts)).toThrow(expect.objectContaining({ id: 'usage.patch-pair', message }));
});
