import { describe, expect } from 'vitest';
import { z } from 'zod';
import { masterText } from '../support/master/sample.ts';
import { test, type User } from '../support/process/user.ts';

const parse = (text: string): unknown => JSON.parse(text);

describe.concurrent('config show', () => {
  test('with --origin says which source won for each setting', async ({ user }) => {
    await user.write('work/taskgate.yaml', 'gateway:\n  name: gw\n  seedPort: 19000\n');
    const { exitCode, stdout, stderr } = await user.run(['config', 'show', '--origin', '--master-port', '9090'], {
      env: { TASKGATE_GATEWAY_SEED_PORT: '18000' },
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows).toEqual(
      expect.arrayContaining([
        ['gateway.name', '"gw"', 'taskgate.yaml:2:3'],
        ['gateway.seedPort', '18000', 'TASKGATE_GATEWAY_SEED_PORT'],
        ['master.port', '9090', '--master-port'],
        ['gateway.listenerLimit', '256', 'default'],
      ]),
    );
  });

  test('with --json is one document with settings and origins', async ({ user }) => {
    const { stdout, stderr } = await user.run(['config', 'show', '--origin', '--json']);
    expect({ stderr, left: await user.left() }).toEqual({ stderr: '', left: [] });
    expect(parse(stdout)).toMatchObject({
      config: { name: 'dev', gateway: { portRange: { start: 20000, end: 20199 } } },
      origins: { name: 'default', 'gateway.name': 'default' },
    });
  });

  test('warnings go to stderr, so that stdout can be saved and read again', async ({ user }) => {
    const shown = await user.run(['config', 'show', '--gateway-port-range-end', '20300']);
    expect(shown).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^warning: .*: gateway\.listenerLimit: /),
    });
    await user.write('work/taskgate.yaml', shown.stdout);
    expect((await user.run(['config', 'show'])).stdout).toBe(shown.stdout);
  });
});

test('config schema is a JSON schema that takes our defaults, an empty file, and no unknown key', async ({ user }) => {
  const [schema, shown] = await Promise.all([user.run(['config', 'schema']), user.run(['config', 'show', '--json'])]);
  expect(schema).toMatchObject({ exitCode: 0, stderr: '' });
  expect(parse(schema.stdout)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
  });
  const { success } = bySchema(schema.stdout, parse(shown.stdout));
  expect({ success }).toEqual({ success: true });
  expect(bySchema(schema.stdout, {}).success).toBe(true);
  expect(bySchema(schema.stdout, { gateway: { portRnage: {} } }).success).toBe(false);
  expect(bySchema(schema.stdout, { master: { port: 70_000 } }).success).toBe(false);
});

const bySchema = (schema: string, value: unknown) =>
  z.fromJSONSchema(JSON.parse(schema) as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);

describe.concurrent('config validate', () => {
  const validate = async (user: User, text: string, ...flags: readonly string[]) => {
    await user.write('work/master.yaml', text);
    return user.run(['config', 'validate', 'master.yaml', ...flags]);
  };

  test('a good file: exit 0', async ({ user }) => {
    const { exitCode, stdout, stderr } = await validate(user, masterText());
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/(^|\n)master\.yaml is valid\n$/);
  });

  test('a bad file: exit 1, each problem with its line and column', async ({ user }) => {
    const { exitCode, stdout } = await validate(user, masterText({ 'resource_manager.slot_type': 'cudaa' }));
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^master\.yaml:\d+:\d+: error: resource_manager\.slot_type: /m);
    expect(stdout).toMatch(/\nmaster\.yaml is not valid\n$/);
  });

  test('with --json: one document on stdout', async ({ user }) => {
    const { exitCode, stdout, stderr } = await validate(user, 'port: x\n', '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(parse(stdout)).toMatchObject({
      file: 'master.yaml',
      valid: false,
      problems: expect.arrayContaining([
        expect.objectContaining({ severity: 'error', path: 'port', line: 1, column: 7 }),
      ]),
    });
  });

  test('a devcluster file is judged with the variables that are exported', async ({ user }) => {
    const config = masterText({ 'resource_manager.internal_task_gateway.gateway_ip': '$CASE_IP' });
    const stages = `stages:\n  - master:\n      config_file:\n${config.replaceAll(/^/gm, '        ')}\n`;
    await user.write('work/devcluster.yaml', stages);
    const validateWith = (env: Readonly<Record<string, string>>) =>
      user.run(['config', 'validate', 'devcluster.yaml'], { env });
    expect(await validateWith({ CASE_IP: '10.0.0.7' })).toMatchObject({ exitCode: 0, stderr: '' });
    const { exitCode, stdout } = await validateWith({});
    expect(exitCode).toBe(1);
    expect(stdout).toContain('gateway_ip: $CASE_IP is left unexpanded: it is not exported');
  });

  test('a missing file: exit 2', async ({ user }) => {
    expect(await user.run(['config', 'validate', 'no.yaml'])).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: 'taskgate: there is no file no.yaml [usage.no-file]\nto fix: give the path of a master.yaml\n',
    });
  });

  test('a folder: exit 2, and no bug', async ({ user }) => {
    const { exitCode, stderr } = await user.run(['config', 'validate', '.']);
    expect(stderr).not.toContain('bug');
    expect(exitCode).toBe(2);
  });
});
