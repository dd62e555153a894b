import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Finding, loadConfig, xdgDirs } from '../../src/config/load.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tg-'));
});

type Given = {
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, string>>;
  readonly findings?: readonly Finding[];
};

const load = async ({ yaml, env = {}, flags = {}, findings = [] }: Given = {}) => {
  if (yaml !== undefined) await writeFile(join(cwd, 'taskgate.yaml'), yaml);
  return loadConfig({ cwd, env, flags, check: () => findings });
};

test('without any source all is default', async () => {
  const { config, origins } = await load();
  expect(config).toMatchObject({
    name: 'dev',
    gateway: { listenerLimit: 213, portRange: { start: 20000, end: 20199 } },
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
      'taskgate.yaml:2:3: gateway.seedPort: Invalid input: expected number, received string, got "x"',
    ],
    [
      'a wrong variable',
      { env: { TASKGATE_MASTER_PORT: 'http' } },
      'TASKGATE_MASTER_PORT: master.port: Invalid input: expected number, received string, got "http"',
    ],
    ['an unknown variable', { env: { TASKGATE_NAMES: 'x' } }, 'TASKGATE_NAMES: no such setting'],
    ['a wrong flag', { flags: { name: 'No_Good' } }, '--name: name: must be lower-case letters, digits and dashes'],
    ['broken yaml', { yaml: 'name: [1\n' }, 'taskgate.yaml:2:1: '],
    ['yaml that is no object', { yaml: '- a\n' }, "taskgate.yaml:1:1: must hold settings, such as 'name: dev'"],
    ['a scalar for a section', { yaml: 'gateway: 3\n' }, 'taskgate.yaml:1:1: gateway: Invalid input: expected object'],
    [
      'a limit beyond what a Gateway holds',
      { flags: { 'gateway.listenerLimit': '1001' } },
      '--gateway-listener-limit: gateway.listenerLimit: Too big',
    ],
    [
      'a network that is no /16',
      { flags: { 'network.cidr': '10.1.2.0/24' } },
      '--network-cidr: network.cidr: must be a /16',
    ],
    ['a name that is too long', { flags: { name: 'a'.repeat(41) } }, '--name: name: Too big'],
  ])('%s', async (_, given, message) => {
    await expect(load(given)).rejects.toMatchObject({ id: 'usage.config', message: expect.stringContaining(message) });
  });

  test('all problems come at once', async () => {
    const loading = load({ yaml: 'nmae: x\ngateway:\n  seedPort: 0\n', flags: { provider: 'docker' } });
    await expect(loading).rejects.toThrow(/unknown key 'nmae'.*did you mean 'name'[\s\S]*seedPort[\s\S]*|--provider/);
    await expect(load({ yaml: 'nmae: x\n', flags: { provider: 'docker' } })).rejects.toThrow('--provider: provider');
  });

  test('a file that was named must exist', async () => {
    const loading = loadConfig({ cwd, file: 'other.yaml', env: {}, flags: {}, check: () => [] });
    await expect(loading).rejects.toThrow('--config: there is no file other.yaml');
  });
});

test('findings of the parts carry the place of the setting; warnings stop nothing', async () => {
  const finding = { path: 'gateway.portRange', message: 'start 52000 > end 51000', hint: 'swap them' } as const;
  const yaml = 'gateway:\n  portRange: {start: 52000, end: 51000}\n';
  await expect(load({ yaml, findings: [{ ...finding, severity: 'error' }] })).rejects.toThrow(
    'taskgate.yaml:2:3: gateway.portRange: start 52000 > end 51000; swap them',
  );
  const { warnings } = await load({ yaml, findings: [{ ...finding, severity: 'warning' }] });
  expect(warnings).toEqual(['taskgate.yaml:2:3: gateway.portRange: start 52000 > end 51000; swap them']);
});

test.each([
  [{ HOME: '/h' }, '/h/.local/state/taskgate', '/h/.cache/taskgate'],
  [{ HOME: '/h', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c' }, '/s/taskgate', '/c/taskgate'],
  [{ HOME: '/h', XDG_STATE_HOME: '' }, '/h/.local/state/taskgate', '/h/.cache/taskgate'],
])('folders for %j', (env, stateDir, cacheDir) => expect(xdgDirs(env)).toEqual({ stateDir, cacheDir }));
