import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await temporaryDir();
});

type Given = {
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, string>>;
};

const load = async ({ yaml, env = {}, flags = {} }: Given = {}) => {
  if (yaml !== undefined) await writeFile(join(cwd, 'taskgate.yaml'), yaml);
  return loadConfig({ cwd, env, flags, check: () => [] });
};

test('without any source all is default', async () => {
  const { config, origins } = await load();
  expect(config).toMatchObject({
    name: 'dev',
    gateway: { listenerLimit: 256, portRange: { start: 20000, end: 20199 } },
  });
  expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
});

test('defaults, file, environment, flags: the last one given wins, and each leaf knows its origin', async () => {
  const { config, origins } = await load({
    yaml: 'name: from-file\ngateway:\n  portRange:\n    start: 21000\n    end: 21100\n  name: gw\n',
    env: { TASKGATE_NAME: 'from-env', TASKGATE_GATEWAY_PORT_RANGE_END: '21050' },
    flags: { name: 'from-flag' },
  });
  expect(config.name).toBe('from-flag');
  expect(config.gateway.portRange).toEqual({ start: 21000, end: 21050 });
  expect(origins).toMatchObject({
    name: '--name',
    'gateway.portRange.start': 'taskgate.yaml:4:5',
    'gateway.portRange.end': 'TASKGATE_GATEWAY_PORT_RANGE_END',
    'gateway.name': 'taskgate.yaml:6:3',
    'gateway.seedPort': 'default',
  });
});

describe('bad input is named with its place', () => {
  test.each<[string, Given, string]>([
    [
      'a misspelt key',
      { yaml: 'gateway:\n  portrange: {start: 1}\n' },
      "taskgate.yaml:2:3: unknown key 'gateway.portrange'; did you mean 'portRange'?",
    ],
    [
      'a key that is like none',
      { yaml: 'frobnicate: 1\n' },
      "taskgate.yaml:1:1: unknown key 'frobnicate'; known here: name, provider",
    ],
    [
      'a wrong type in the file',
      { yaml: 'gateway:\n  seedPort: "x"\n' },
      'taskgate.yaml:2:3: gateway.seedPort: must be a whole number, got "x"',
    ],
    [
      'a wrong variable',
      { env: { TASKGATE_MASTER_PORT: 'http' } },
      'TASKGATE_MASTER_PORT: master.port: must be a whole number, got "http"',
    ],
    [
      'an unknown variable',
      { env: { TASKGATE_NAMES: 'x' } },
      'TASKGATE_NAMES: no such setting; did you mean TASKGATE_NAME?',
    ],
    [
      'a variable that is like none',
      { env: { TASKGATE_FROBNICATION_LEVEL: 'x' } },
      'TASKGATE_FROBNICATION_LEVEL: no such',
    ],
    [
      'a key in the wrong section',
      { yaml: 'portRange: {start: 1}\n' },
      "taskgate.yaml:1:1: unknown key 'portRange'; did you mean 'gateway.portRange'?",
    ],
    [
      'snake case',
      { yaml: 'gateway:\n  port_range: {start: 1}\n' },
      "taskgate.yaml:2:3: unknown key 'gateway.port_range'; did you mean 'portRange'?",
    ],
    ["a name of Object's own", { yaml: '__proto__: {a: 1}\n' }, "unknown key '__proto__'; known here: name"],
    [
      'a key without a value',
      { yaml: 'name:\n' },
      'taskgate.yaml:1:1: name: has no value; write one or remove the line',
    ],
    [
      'a key twice',
      { yaml: 'name: a\nname: b\n' },
      "taskgate.yaml:2:1: 'name' is set twice, first at taskgate.yaml:1:1",
    ],
    [
      'a key twice, not the first one',
      { yaml: 'provider: native\nname: a\nmaster: {port: 1}\nname: b\n' },
      "taskgate.yaml:4:1: 'name' is set twice, first at taskgate.yaml:2:1",
    ],
    [
      'a key twice in a section',
      { yaml: 'name: a\nmaster:\n  port: 1\n  port: 2\n' },
      "taskgate.yaml:4:3: 'port' is set twice, first at taskgate.yaml:3:3",
    ],
    [
      'a value of a section in a section',
      { yaml: 'gateway:\n  name: gw\n  portRange:\n    end: x\n' },
      'taskgate.yaml:4:5: gateway.portRange.end: must be a whole number, got "x"',
    ],
    ['two documents', { yaml: 'name: a\n---\nname: b\n' }, 'taskgate.yaml:2:1: must be one document'],
    [
      'an alias',
      { yaml: 'gateway: &g\n  name: *g\n' },
      "taskgate.yaml:2:9: write the value out instead of the alias '*g'",
    ],
    [
      'a number with a fraction',
      { yaml: 'gateway: {seedPort: 1.5}\n' },
      'taskgate.yaml:1:11: gateway.seedPort: must be a whole number',
    ],
    [
      'a number in hexadecimal',
      { env: { TASKGATE_MASTER_PORT: '0x1F90' } },
      'TASKGATE_MASTER_PORT: master.port: must be a whole number',
    ],
    [
      'a URL for a host',
      { flags: { 'master.host': 'http://x:80' } },
      '--master-host: master.host: must be a host name',
    ],
    ['a mirror without a scheme', { flags: { mirror: 'mirror.local' } }, '--mirror: mirror: must be a URL such as'],
    ['a mirror of another scheme', { flags: { mirror: 'javascript:1' } }, '--mirror: mirror: must be a URL such as'],
    ['a public network', { flags: { 'network.cidr': '8.8.0.0/16' } }, 'must be a private /16 such as 10.210.0.0/16'],
    ['an impossible network', { flags: { 'network.cidr': '10.999.0.0/16' } }, 'must be a private /16'],
    ['a wrong flag', { flags: { name: 'No_Good' } }, '--name: name: must be lower-case letters, digits and dashes'],
    ['broken yaml', { yaml: 'name: [1\n' }, 'taskgate.yaml:2:1: '],
    ['yaml that is no object', { yaml: '- a\n' }, "taskgate.yaml:1:1: must hold settings, such as 'name: dev'"],
    [
      'a scalar for a section',
      { yaml: 'gateway: 3\n' },
      'taskgate.yaml:1:1: gateway: must be a block of settings (name, namespace, className',
    ],
    [
      'a limit beyond what a Gateway holds',
      { flags: { 'gateway.listenerLimit': '1001' } },
      '--gateway-listener-limit: gateway.listenerLimit: must be at most 1000',
    ],
    [
      'a network that is no /16',
      { flags: { 'network.cidr': '10.1.2.0/24' } },
      '--network-cidr: network.cidr: must be a private /16',
    ],
    ['a name that is too long', { flags: { name: 'a'.repeat(41) } }, '--name: name: must have at most 40 characters'],
  ])('%s', async (_, given, message) => {
    await expect(load(given)).rejects.toMatchObject({ id: 'usage.config', message: expect.stringContaining(message) });
  });

  test('rules see the defaults in place of a misshapen section', async () => {
    const seen: unknown[] = [];
    const check = (config: unknown) => {
      seen.push(config);
      return [];
    };
    const flags = { 'gateway.seedPort': 'x', 'gateway.portRange.start': '1', 'master.port': '9' };
    await expect(loadConfig({ cwd, env: {}, flags, check })).rejects.toThrow('--gateway-seed-port');
    expect(seen).toMatchObject([{ gateway: { seedPort: 19999, portRange: { start: 20000 } }, master: { port: 9 } }]);
  });

  test.each([
    ['ftp://me:secret@host/files', 'ftp://***@host/files'],
    ['me:secret@host/files', '***@host/files'],
    ['ftp://me:se@cret@host/files', 'ftp://***@host/files'],
    ['host/files@1', 'host/files@1'],
  ])('a password in a mirror is not repeated: %s', async (mirror, shown) => {
    const message = await load({ flags: { mirror } }).catch(String);
    expect(message).toContain(`got "${shown}"`);
    expect(message).not.toContain('cret');
  });

  test('an at sign of another setting is none of a password', async () => {
    await expect(load({ flags: { name: 'a@b' } })).rejects.toThrow('got "a@b"');
  });

  test('of too few characters, as of too many', async () => {
    await expect(load({ flags: { name: '' } })).rejects.toMatchObject({ id: 'usage.config' });
  });

  test('a file that was named must exist', async () => {
    const loading = loadConfig({ cwd, file: 'other.yaml', env: {}, flags: {}, check: () => [] });
    await expect(loading).rejects.toMatchObject({
      id: 'usage.config',
      message: '--config: there is no file other.yaml',
    });
  });

  const noFiles = { '.': 'EISDIR', 'taskgate.yaml/x': 'ENOTDIR' };
  test.each(Object.entries(noFiles))('no file: %s', async (file, code) => {
    await writeFile(join(cwd, 'taskgate.yaml'), '');
    const input = { cwd, file, env: {}, flags: {}, check: () => [] };
    await expect(loadConfig(input)).rejects.toMatchObject({
      id: 'usage.config',
      message: expect.stringMatching(new RegExp(`^--config: cannot read ${file}: ${code}`)),
    });
  });
});

test('sections whose lines are all commented out and empty variables say nothing', async () => {
  const { config } = await load({
    yaml: 'gateway:\n  # name: x\n  portRange:\nnetwork:\n',
    env: { TASKGATE_NAME: '' },
  });
  expect(config).toMatchObject({ name: 'dev', gateway: { name: 'contour', portRange: { start: 20000 } }, network: {} });
});

test.each([
  '10.0.0.0/16',
  '10.210.0.0/16',
  '10.255.0.0/16',
  '172.16.0.0/16',
  '172.31.0.0/16',
  '192.168.0.0/16',
])('%s is a network to choose', async (cidr) =>
  expect((await load({ flags: { 'network.cidr': cidr } })).config.network.cidr).toBe(cidr));

test.each(['10.0.0.1', 'localhost', 'my-laptop.lan', 'fd00::1'])('%s is a host', async (host) => {
  expect((await load({ flags: { 'master.host': host } })).config.master.host).toBe(host);
});
