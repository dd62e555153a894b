import { expect, test } from 'vitest';
import { readConfig } from '../../src/commands/command.ts';
import { makeUser } from '../support/command-input.ts';
import { failureOf } from '../support/failure-of.ts';

test('the steps see the proxy of the environment', async () => {
  const { input } = await makeUser();
  const { invocation, flags } = input();
  const env = { ...invocation.env, HTTPS_PROXY: 'http://proxy.example:3128' };
  const behindProxy = { flags, invocation: { ...invocation, env } };
  const { context } = await readConfig(behindProxy);
  expect(context.env).toMatchObject({ HTTPS_PROXY: 'http://proxy.example:3128' });
});

test('a mirror by plain http is refused before anything is asked of it, unless it is on this host or trusted', async () => {
  const { input } = await makeUser();
  const { invocation, flags } = input();
  const read = (settings: Readonly<Record<string, string>>) =>
    readConfig({ invocation, flags: { ...flags, settings: { ...flags.settings, ...settings } } });
  const mirror = 'http://ci:secret@mirror.example/files';
  expect(await failureOf(read({ mirror }))).toMatchObject({
    id: 'usage.config',
    message: expect.stringMatching(/^--mirror: mirror: is plain http to mirror\.example; use https/),
  });
  const trusted = await read({ mirror, trustMirror: 'true' });
  expect(trusted.context.config).toMatchObject({ trustMirror: true, mirror: { url: 'http://mirror.example/files' } });
  await read({ mirror: 'http://127.0.0.1/files' });
});
