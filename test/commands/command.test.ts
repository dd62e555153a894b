import { mkdir, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { displayKind, readConfig } from '../../src/commands/command.ts';
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

test('a state or cache folder below a link is the folder that the link leads to', async () => {
  const { input, stateDir } = await makeUser();
  const { invocation, flags } = input();
  const home = await realpath(join(stateDir, '..', '..'));
  await mkdir(join(home, 'var', 'home'), { recursive: true });
  await symlink('var/home', join(home, 'link'));
  const env = { ...invocation.env, XDG_STATE_HOME: join(home, 'link', 'state'), XDG_CACHE_HOME: join(home, 'link') };
  const { context } = await readConfig({ flags, invocation: { ...invocation, env } });
  expect(context.folders).toMatchObject({
    stateDir: join(home, 'var', 'home', 'state', 'taskgate'),
    cacheDir: join(home, 'var', 'home', 'taskgate'),
  });
});

test.each([
  ['a terminal', {}, 'tree'],
  ['a terminal of a CI job', { CI: 'true' }, 'lines'],
  ['a terminal where CI is switched off', { CI: 'false' }, 'tree'],
  ['a terminal that knows no cursor', { TERM: 'dumb' }, 'lines'],
  ['a job of GitHub', { GITHUB_ACTIONS: 'true', CI: 'true' }, 'groups'],
] as const)('%s is shown the steps as it can show them', (_, env, kind) => {
  expect(displayKind({ isTerminal: true, env })).toBe(kind);
  expect(displayKind({ isTerminal: false, env })).toBe(kind === 'tree' ? 'lines' : kind);
});

test('--ci asks for lines', () => {
  expect(displayKind({ isTerminal: true, env: {} }, true)).toBe('lines');
});
