import { expect, test } from 'vitest';
import { keptWithMaster, keptWithoutMaster } from '../../../src/commands/master/kept.ts';
import { instanceRecord } from '../../support/context.ts';

const given = {
  'master.root': '/root',
  'gateway.port': 1,
  'master.program': '/p',
  'master.also': ['b'],
  withMaster: true,
};

test('without its master an instance keeps the root of the files that it writes, and all that is not of that master', () => {
  const record = instanceRecord({ given });
  expect(keptWithoutMaster(record)).toEqual({ given: { 'master.root': '/root', 'gateway.port': 1 } });
});

test('with one it keeps what was given for that alone', () => {
  const wanted = { 'master.program': '/q', dbUrl: 'postgres://h/d', 'gateway.port': 2 };
  expect(keptWithMaster(instanceRecord({ given }), wanted)).toEqual({
    given: { 'gateway.port': 1, 'master.program': '/q', dbUrl: 'postgres://h/d', withMaster: true },
  });
});
