import { expect, test } from 'vitest';
import { settings } from '../../src/config/settings.ts';
import { nameFlag } from '../../src/instance/name-flag.ts';

test.each([
  ['second', ' --name second'],
  ['dev2', ' --name dev2'],
])('%s', (name, flag) => {
  expect(nameFlag(name)).toBe(flag);
});

test('the instance that a command is for without it needs none', () => {
  const byDefault = settings.find(({ path }) => path === 'name')?.default;
  expect(nameFlag(String(byDefault))).toBe('');
});
