import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { echo, open, refusal, test } from '../fakes/ngrok/scene.ts';

describe('an agent that cannot begin', { concurrent: true }, () => {
  test.for([
    ['no token', { NGROK_AUTHTOKEN: '' }, 'tunnel.ngrok-token', true],
    ['malformed token', { NGROK_AUTHTOKEN: 'SECRET' }, 'tunnel.ngrok-token', true],
    ['revoked token', { NGROK_AUTHTOKEN: 'SECRET-that-looks-like-a-token' }, 'tunnel.ngrok-token', true],
    ['agent of version 2', { STAND_IN_NGROK_VERSION: '2.3.40' }, 'tunnel.ngrok-old', true],
    ['agent just too old', { STAND_IN_NGROK_VERSION: '3.18.3' }, 'tunnel.ngrok-old', true],
    [
      'a proxy, on a free plan',
      { STAND_IN_NGROK_PLAN: 'free', HTTPS_PROXY: 'http://127.0.0.1:9' },
      'tunnel.ngrok-account',
      true,
    ],
    ['no network', { STAND_IN_NGROK_UNREACHABLE: '1' }, 'tunnel.ngrok-unreachable', false],
    ['another page on its API port', { STAND_IN_NGROK_API: 'html' }, 'tunnel.ngrok-not-up', false],
    ['no tunnel in its API', { STAND_IN_NGROK_API: 'empty' }, 'tunnel.ngrok-not-up', false],
    ['the tunnel of another', { STAND_IN_NGROK_API: 'foreign' }, 'tunnel.ngrok-not-up', false],
    ['a silent API', { STAND_IN_NGROK_API: 'silent' }, 'tunnel.ngrok-not-up', false],
    ['another program at its API port', { STAND_IN_NGROK_API: 'lies' }, 'tunnel.ngrok-not-up', false],
  ] as const)('%s', async ([, env, id, isFinal], { scene }) => {
    const driver = scene.driver(env);
    const error = await refusal(open(driver, 8080));
    expect(error).toMatchObject({ id, hint: expect.stringMatching(/./) });
    expect(driver.isFinal(error)).toBe(isFinal);
    expect(error.message).not.toContain('SECRET');
  });

  test.for([
    [
      'in its own words',
      "ERROR:  Error reading configuration file '%s': open %s: permission denied",
      /may not read \S+ngrok\.yml \(a snap\?\)/,
    ],
    ['in those of a launcher', 'cannot open the file: Permission denied', /may not read .*Permission denied/],
    ['without a word', '', /ends without a word; perhaps it may not read/],
  ] as const)('an agent that may not read hidden folders of the home, and says so %s', async ([, words, message], {
    scene,
  }) => {
    const program = join(scene.home, 'confined-ngrok');
    const script = `#!/bin/sh\n[ "$1" = version ] && { echo 'ngrok version 3.30.0'; exit 0; }\n[ -n "${words}" ] && echo "${words}" >&2\nexit 1\n`;
    await writeFile(program, script, { mode: 0o755 });
    const driver = scene.driver({}, { program }, join(scene.home, '.local', 'state', 'dev'));
    const error = await refusal(open(driver, 8080));
    expect(error.id).toBe('tunnel.ngrok-confined');
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/ngrok\.program.*XDG_STATE_HOME/);
    expect(driver.isFinal(error)).toBe(true);
  });

  test('an agent that ends with words of the system: they are told, and it is not tried for ever', async ({
    scene,
  }) => {
    const program = join(scene.home, 'broken-ngrok');
    await writeFile(
      program,
      '#!/bin/sh\n[ "$1" = version ] && { echo ngrok version 3.30.0; exit; }\necho "symbol lookup error" >&2; exit 127\n',
      { mode: 0o755 },
    );
    const driver = scene.driver({}, { program });
    for (const isFinal of [false, false, true]) {
      const error = await refusal(open(driver, 8080));
      expect(error.message).toBe('ngrok: exited with 127: symbol lookup error');
      expect(driver.isFinal(error)).toBe(isFinal);
    }
  });

  test('no agent', async ({ scene }) => {
    const driver = scene.driver({}, { program: 'no-such-ngrok' });
    const error = await refusal(open(driver, 8080));
    expect([error.id, driver.isFinal(error)]).toEqual(['tunnel.ngrok-missing', true]);
    expect(error.message).toBe('The program no-such-ngrok was not found');
  });

  test('a domain of somebody else', async ({ scene }) => {
    const driver = scene.driver({ STAND_IN_NGROK_RESERVED: 'https://mine.example' }, { domain: 'other.example' });
    const error = await refusal(open(driver, 8080));
    expect([error.id, driver.isFinal(error)]).toEqual(['tunnel.ngrok-address', true]);
  });

  test.for([
    ['version: "3"\nagent: {nonsense: true}\n', 'field nonsense not found'],
    ['authtoken: x\n', 'version'],
    ['a: [', 'ngrok.yml'],
  ] as const)('a bad configuration of the user: %j', async ([text, seen], { scene }) => {
    const configFile = join(scene.home, 'ngrok.yml');
    await writeFile(configFile, text);
    const error = await refusal(open(scene.driver({}, { configFile }), 8080));
    expect(error.id).toBe('tunnel.ngrok-config');
    expect(error.message).toContain(seen);
  });

  test('a configuration that is not there', async ({ scene }) => {
    const error = await refusal(open(scene.driver({}, { configFile: '/no/such/ngrok.yml' }), 8080));
    expect(error).toMatchObject({
      id: 'tunnel.ngrok-config',
      message: 'no configuration of ngrok at /no/such/ngrok.yml',
    });
  });

  test('a traffic policy that is not there, or wrong', async ({ scene }) => {
    const missing = await refusal(open(scene.driver({}, { trafficPolicyFile: '/no/such/policy.yml' }), 8080));
    expect(missing).toMatchObject({
      id: 'tunnel.ngrok-policy',
      message: expect.stringContaining('/no/such/policy.yml'),
    });
    const trafficPolicyFile = join(scene.home, 'policy.yml');
    await writeFile(trafficPolicyFile, 'on_http_request: [{actions: [{type: no-such-action}]}]');
    const wrong = await refusal(open(scene.driver({}, { trafficPolicyFile }), 8080));
    expect(wrong).toMatchObject({ id: 'tunnel.ngrok-policy', message: expect.stringContaining('ERR_NGROK_2201') });
  });

  test('another agent of the account, or one that serves the domain', async ({ scene }) => {
    await using local = await echo();
    const env = { STAND_IN_NGROK_STATE: join(scene.home, 'account'), STAND_IN_NGROK_AGENTS: '1' };
    const first = await open(scene.driver(env, { domain: 'tasks.example' }), local.port);
    expect((await refusal(open(scene.driver(env), local.port))).id).toBe('tunnel.ngrok-limit');
    const second = scene.driver({ ...env, STAND_IN_NGROK_AGENTS: '2' }, { domain: 'tasks.example' });
    const taken = await refusal(open(second, local.port));
    expect([taken.id, second.isFinal(taken)]).toEqual(['tunnel.ngrok-taken', false]);
    await first.close();
    const third = await open(second, local.port);
    expect(third.address.host).toBe('tasks.example');
    await third.close();
  });

  test('an abort while it begins leaves nothing behind', async ({ scene }) => {
    const abort = new AbortController();
    const opening = open(scene.driver({ STAND_IN_NGROK_API: 'empty' }), 8080, abort.signal);
    await pause(500);
    abort.abort(new Error('interrupted'));
    await expect(opening).rejects.toThrow('interrupted');
  });
});
