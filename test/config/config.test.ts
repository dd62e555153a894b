import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

const load = (env: Readonly<Record<string, string>>, flags: Readonly<Record<string, string>> = {}) =>
  loadConfig({ cwd: tmpdir(), env, flags, check: () => [] });

test.each([
  ['true', true],
  ['false', false],
])('a switch is %s', async (text, recreate) => {
  expect((await load({ TASKGATE_RECREATE: text })).config).toMatchObject({ recreate });
  expect((await load({}, { recreate: text })).config).toMatchObject({ recreate });
});

test('a switch that is neither on nor off is refused', async () => {
  await expect(load({ TASKGATE_RECREATE: 'maybe' })).rejects.toThrow(
    'TASKGATE_RECREATE: recreate: expected boolean, received string, got "maybe"',
  );
});

test('a word that a program would read as a flag is refused', async () => {
  await expect(load({}, { 'ssh.host': '-oProxyCommand=true' })).rejects.toThrow(
    '--ssh-host: ssh.host: must be one word that does not begin with a dash, got "-oProxyCommand=true"',
  );
});
