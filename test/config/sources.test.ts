import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, realDirs, xdgDirs } from '../../src/config/load.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

type Strings = Readonly<Record<string, string>>;
type Given = { readonly yaml?: string; readonly env?: Strings; readonly flags?: Strings };

const load = async ({ yaml, env = {}, flags = {} }: Given) => {
  const cwd = await temporaryDir();
  if (yaml !== undefined) await writeFile(join(cwd, 'taskgate.yaml'), yaml);
  return loadConfig({ cwd, env, flags, check: () => [] });
};

describe('a Service or container that is called taskgate too', () => {
  const links = {
    TASKGATE_PORT: 'tcp://10.96.1.2:80',
    TASKGATE_PORT_80_TCP: 'tcp://10.96.1.2:80',
    TASKGATE_PORT_80_TCP_PROTO: 'tcp',
    TASKGATE_PORT_80_TCP_ADDR: '10.96.1.2',
    TASKGATE_SERVICE_HOST: '10.96.1.2',
    TASKGATE_SERVICE_PORT: '80',
    TASKGATE_SERVICE_PORT_HTTP: '80',
    TASKGATE_UI_SERVICE_HOST: '10.96.1.3',
  };

  test('sets variables that are no settings: a note, and no error', async () => {
    const { config, warnings } = await load({ env: links });
    expect(config.name).toBe('dev');
    expect(warnings).toEqual([expect.stringContaining('TASKGATE_PORT, TASKGATE_PORT_80_TCP, ')]);
    expect(warnings[0]).toContain('a Service or container called taskgate');
  });

  test('also where the name is that of a setting: a Service taskgate-master, a Docker link', async () => {
    const env = {
      TASKGATE_MASTER_PORT: 'tcp://10.96.1.2:80',
      TASKGATE_NAME: '/web/taskgate',
      TASKGATE_ENV_PATH: '/bin',
    };
    expect((await load({ env })).config).toMatchObject({ name: 'dev', master: { port: 8080 } });
  });

  test.each<Readonly<Record<string, string>>>([
    { TASKGATE_PORTS: '80' },
    { TASKGATE_PORT: '8080' },
    { TASKGATE_ENV_FILE: 'x' },
    { TASKGATE_SERVICE_HOSTS: '10.96.1.2' },
    { TASKGATE_SERVICE_PORTS: '80' },
    { TASKGATE_PORT_80_TCPX: 'tcp://10.96.1.2:80' },
    { TASKGATE_PORT_80_TCP_ADDRESS: '10.96.1.2' },
    { TASKGATE_PORTAL: 'tcp://10.96.1.2:80' },
    { TASKGATE_PORT: 'not tcp://10.96.1.2:80' },
    { TASKGATE_NAMED: '/web/taskgate' },
    { TASKGATE_UI_NAME: 'web/taskgate' },
    { TASKGATE_UI_NAME: '/web/taskgate/x' },
    { TASKGATE_UI_NAME: 'x/web/taskgate' },
    { TASKGATE_UI_ENV_PATH: '/bin', TASKGATE_NAME: '/web/taskgate' },
  ])('what is no such variable is still an error: %j', async (env) => {
    await expect(load({ env })).rejects.toMatchObject({
      id: 'usage.config',
      message: expect.stringContaining('no such setting'),
    });
  });

  test('a link of Docker to a container of another name', async () => {
    const env = { TASKGATE_UI_NAME: '/web/taskgate-ui' };
    expect((await load({ env })).warnings).toEqual([expect.stringMatching(/^TASKGATE_UI_NAME: not read/)]);
  });
});

test('a key that is there twice is told with both places', async () => {
  await expect(load({ yaml: 'name: a\nmaster:\n  port: 1\nname: b\n' })).rejects.toThrow(
    "taskgate.yaml:4:1: 'name' is set twice, first at taskgate.yaml:1:1",
  );
});

test.each(['*', '::', '::1', 'fd00::5', '2001:db8::', '0.0.0.0', 'gw.example'])('ssh may bind %s', async (address) => {
  expect((await load({ flags: { 'ssh.bindAddress': address } })).config.ssh.bindAddress).toBe(address);
});

test.each(['-oProxyCommand=x', '**', 'a:b:*', 'http://x', ':', ''])('ssh may not bind %j', async (address) => {
  await expect(load({ flags: { 'ssh.bindAddress': address } })).rejects.toMatchObject({ id: 'usage.config' });
});

test.each([
  [{ HOME: '/h' }, '/h/.local/state/taskgate', '/h/.cache/taskgate'],
  [{ HOME: '/h', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c' }, '/s/taskgate', '/c/taskgate'],
  [{ HOME: '/h', XDG_STATE_HOME: '' }, '/h/.local/state/taskgate', '/h/.cache/taskgate'],
  [{ HOME: '/h', XDG_STATE_HOME: 's', XDG_CACHE_HOME: './c' }, '/h/.local/state/taskgate', '/h/.cache/taskgate'],
  [{ HOME: '' }, join(homedir(), '.local/state/taskgate'), join(homedir(), '.cache/taskgate')],
])('folders for %j', (env, stateDir, cacheDir) => expect(xdgDirs(env)).toEqual({ stateDir, cacheDir }));

test('a home folder that is a link: the folders are those that are really there', async () => {
  const dir = await realpath(await temporaryDir());
  await mkdir(join(dir, 'var'));
  await symlink(join(dir, 'var'), join(dir, 'home'));
  const real = { stateDir: join(dir, 'var/.local/state/taskgate'), cacheDir: join(dir, 'var/.cache/taskgate') };
  expect(await realDirs({ HOME: join(dir, 'home') })).toEqual(real);
});
