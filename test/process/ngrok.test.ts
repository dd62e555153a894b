import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { execaRunner } from '../../src/lib/process/runner.ts';
import { echo, open, test, throughPublicEnd, token } from '../fakes/ngrok/scene.ts';
import { listening } from '../support/proof/local-path.ts';

describe('a tunnel by the stand-in agent', { concurrent: true }, () => {
  test('https: carries data from the public end to the local port, and ends when closed', async ({ scene }) => {
    await using local = await echo();
    const tunnel = await open(scene.driver(), local.port);
    expect(tunnel.address).toMatchObject({ scheme: 'https', host: 'localhost' });
    expect(await throughPublicEnd(tunnel.address.port, 'hello')).toBe('HELLO https 127.0.0.1');
    await tunnel.close();
    expect(await tunnel.ended).toMatch(/^(ended by SIGTERM|exited with)/);
    await expect(throughPublicEnd(tunnel.address.port, 'hello')).rejects.toThrow('ECONNREFUSED');
  });

  test('its configuration is for the user only, and holds no token', async ({ scene }) => {
    await using local = await echo();
    const tunnel = await open(scene.driver(), local.port);
    const path = join(scene.home, 'instance', 'ngrok.yml');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).not.toContain(token);
    await tunnel.close();
  });

  test('a TCP address is plain http on its own port', async ({ scene }) => {
    await using local = await echo();
    const free = await listening(createServer());
    await free[Symbol.asyncDispose]();
    const tcpAddress = `localhost:${free.port}`;
    const tunnel = await open(
      scene.driver({ STAND_IN_NGROK_RESERVED: `tcp://${tcpAddress}` }, { tcpAddress }),
      local.port,
    );
    expect(tunnel.address).toEqual({ scheme: 'http', host: 'localhost', port: free.port });
    await tunnel.close();
  });

  test('a reserved domain is https on 443', async ({ scene }) => {
    await using local = await echo();
    const tunnel = await open(scene.driver({}, { domain: 'tasks.ngrok-stand-in.example' }), local.port);
    expect(tunnel.address).toEqual({ scheme: 'https', host: 'tasks.ngrok-stand-in.example', port: 443 });
    await tunnel.close();
  });

  test.for([
    'version: "2"\nauthtoken: TOKEN\n',
    'version: "3"\nagent:\n  authtoken: TOKEN\n',
  ])("the token of ngrok's own file: %j", async (text, { scene }) => {
    await using local = await echo();
    await mkdir(join(scene.home, '.config', 'ngrok'), { recursive: true });
    await writeFile(join(scene.home, '.config', 'ngrok', 'ngrok.yml'), text.replace('TOKEN', token));
    const tunnel = await open(scene.driver({ NGROK_AUTHTOKEN: '' }), local.port);
    expect(tunnel.address.scheme).toBe('https');
    await tunnel.close();
  });

  test('tunnel.allowFrom: the agent gets a traffic policy with these ranges, for the user only', async ({ scene }) => {
    await using local = await echo();
    const tunnel = await open(scene.driver({}, { allowFrom: ['203.0.113.0/24'] }), local.port);
    const path = join(scene.home, 'instance', 'ngrok-policy.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      on_http_request: [
        {
          expressions: ["req.url.path != '/.taskgate/probe'"],
          actions: [{ type: 'restrict-ips', config: { enforce: true, allow: ['203.0.113.0/24'] } }],
        },
      ],
    });
    const { stdout } = await execaRunner(['ps', '-eo', 'args']);
    expect(stdout).toContain(`--traffic-policy-file ${path}`);
    await tunnel.close();
  });

  test.for([
    ['the folder of XDG_CONFIG_HOME', 'config/ngrok', true],
    ['the folder of a snap', 'snap/ngrok/current/.config/ngrok', false],
    ['the folder of version 2', '.ngrok2', false],
  ] as const)('the token in a file in %s', async ([, folder, isXdg], { scene }) => {
    await using local = await echo();
    await mkdir(join(scene.home, folder), { recursive: true });
    await writeFile(join(scene.home, folder, 'ngrok.yml'), `version: "3"\nagent:\n  authtoken: ${token}\n`);
    const env = { NGROK_AUTHTOKEN: '', ...(isXdg && { XDG_CONFIG_HOME: join(scene.home, 'config') }) };
    const tunnel = await open(scene.driver(env), local.port);
    expect(tunnel.address.scheme).toBe('https');
    await tunnel.close();
  });

  test("a user's own file of version 3 with endpoints and settings of the agent", async ({ scene }) => {
    await using local = await echo();
    const own = {
      version: '3',
      agent: {
        ...{ authtoken: token, connect_url: 'connect.ngrok-agent.com:443', heartbeat_interval: '10s' },
        ...{ heartbeat_tolerance: '15s', dns_resolver_ips: ['192.0.2.53'], remote_management: false },
      },
      endpoints: [{ name: 'mine', url: 'https://mine.example', upstream: { url: 'http://localhost:3000' } }],
    };
    await mkdir(join(scene.home, '.config', 'ngrok'), { recursive: true });
    await writeFile(join(scene.home, '.config', 'ngrok', 'ngrok.yml'), JSON.stringify(own));
    const tunnel = await open(scene.driver({ NGROK_AUTHTOKEN: '' }), local.port);
    expect(await throughPublicEnd(tunnel.address.port, 'hello')).toBe('HELLO https 127.0.0.1');
    await tunnel.close();
  });

  test.for([
    ['the oldest, whose API has tunnels only', { STAND_IN_NGROK_VERSION: '3.18.4' }],
    ['one with both APIs', { STAND_IN_NGROK_VERSION: '3.30.0' }],
    ['one whose API has endpoints only', { STAND_IN_NGROK_API: 'endpoints' }],
  ] as const)('an agent: %s', async ([, env], { scene }) => {
    await using local = await echo();
    const tunnel = await open(scene.driver(env), local.port);
    expect(await throughPublicEnd(tunnel.address.port, 'hello')).toBe('HELLO https 127.0.0.1');
    await tunnel.close();
  });

  test('64 MB of log and as much on stderr do not stall it', async ({ scene }) => {
    await using local = await echo();
    const tunnel = await open(scene.driver({ STAND_IN_NGROK_LOG_MB: '64' }), local.port);
    expect(await throughPublicEnd(tunnel.address.port, 'hello')).toBe('HELLO https 127.0.0.1');
    await tunnel.close();
  });
});

describe('an agent that is up', { concurrent: true }, () => {
  test.for([
    [{ STAND_IN_NGROK_ENDS_AFTER_MS: '400' }, /the session has expired/],
    [{ STAND_IN_NGROK_DIES_AFTER_MS: '400' }, /^ended by SIGKILL/],
    [
      { STAND_IN_NGROK_MOVES_AFTER_MS: '400' },
      /^its address has changed from https:\/\/localhost\S* to https:\/\/moved\.\S+:443$/,
    ],
  ] as const)('%j', async ([env, why], { scene }) => {
    await using local = await echo();
    const tunnel = await open(scene.driver(env), local.port);
    expect(await tunnel.ended).toMatch(why);
    await expect(throughPublicEnd(tunnel.address.port, 'hello')).rejects.toThrow('ECONNREFUSED');
  });

  test('a local port where nothing listens does not end it', async ({ scene }) => {
    const local = await echo();
    const tunnel = await open(scene.driver(), local.port);
    await local[Symbol.asyncDispose]();
    expect(await throughPublicEnd(tunnel.address.port, 'hello')).toContain('(ERR_NGROK_8012)');
    const later = await Promise.race([tunnel.ended, pause(300, 'still up')]);
    expect(later).toBe('still up');
    await tunnel.close();
  });
});
