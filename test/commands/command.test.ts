import { expect, test } from 'vitest';
import { readConfig } from '../../src/commands/command.ts';
import { makeUser } from '../support/command-input.ts';

test('the steps see the proxy of the environment', async () => {
  const { input } = await makeUser();
  const { invocation, flags } = input();
  const env = { ...invocation.env, HTTPS_PROXY: 'http://proxy.example:3128' };
  const behindProxy = { flags, invocation: { ...invocation, env } };
  const { context } = await readConfig(behindProxy);
  expect(context.env).toMatchObject({ HTTPS_PROXY: 'http://proxy.example:3128' });
});
