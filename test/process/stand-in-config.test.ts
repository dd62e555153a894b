import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSettings } from '../fakes/determined/program/config/load.ts';
import { readMasterYaml } from '../fakes/determined/program/config/yaml.ts';
import { readCommandLine } from '../fakes/determined/program/flags.ts';
import { startProgram, writeMasterYaml } from '../support/master/program.ts';
import { additional, masterText } from '../support/master/sample.ts';
import { gatewayRows } from '../support/master/verdicts.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const gateway = 'resource_manager.internal_task_gateway';
const place = 'error found at root.ResourceConfig.RootManagerInternal.KubernetesRM.InternalTaskGateway: ';

const load = async (changes: Readonly<Record<string, unknown>>) => {
  const path = join(await temporaryDir(), 'master.yaml');
  await writeFile(path, masterText(changes));
  return loadSettings(path, []);
};
const refusalOf = (changes: Readonly<Record<string, unknown>>): Promise<string> =>
  load(changes).then(
    () => 'taken',
    (error: Error) => error.message,
  );

describe('the stand-in program judges a configuration as the real master did', () => {
  // without an address it does not start either, but says so only when it opens the cluster
  const rows = gatewayRows.filter(([what]) => !what.startsWith('no address of the master'));

  test.each(rows.map(([what, verdict, changes]) => ({ what, verdict, changes })))('$what: $verdict', async ({
    verdict,
    changes,
  }) => {
    const said = await refusalOf(changes);
    if (verdict === 'refused') expect(said).not.toBe('taken');
    else expect(said).toBe('taken');
  });

  test.each([
    ['no name', { [`${gateway}.gateway_name`]: '' }, `${place}invalid gateway_name:  must be non-empty`],
    [
      'a name with /',
      { [`${gateway}.gateway_name`]: 'a/b' },
      `${place}invalid gateway_name: a/b doesn't match regex ^[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$`,
    ],
    [
      'a long name',
      { [`${gateway}.gateway_name`]: 'a'.repeat(64) },
      `${place}invalid gateway_name: 64 is not less than or equal to 63`,
    ],
    [
      'start 1024',
      { [`${gateway}.gateway_port_range_start`]: 1024 },
      `${place}invalid gateway_port_range_start: 1024 is not greater than or equal to 1025`,
    ],
    [
      'end 65536',
      { [`${gateway}.gateway_port_range_end`]: 65_536 },
      `${place}invalid gateway_port_range_end: 65536 is not less than or equal to 65535`,
    ],
    [
      'one port',
      { [`${gateway}.gateway_port_range_start`]: 20_199 },
      `${place}gateway_port_range_start must be less than or equal to gateway_port_range_end`,
    ],
    [
      'a number as name',
      { [`${gateway}.gateway_name`]: 5 },
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field Config.ResourceConfig.resource_manager.internal_task_gateway.gateway_name of type string\ncannot unmarshal configuration',
    ],
    [
      'the block at the top',
      { internal_task_gateway: { gateway_name: 'a' } },
      'json: unknown field "internal_task_gateway"',
    ],
    ['no type', { 'resource_manager.type': undefined }, 'json: unknown field "default_namespace"'],
    ['another type', { 'resource_manager.type': 'k8s' }, 'unexpected type: k8s'],
    [
      'no pools',
      { resource_pools: [] },
      'for additional_resource_managers, you must specify at least one resource pool',
    ],
    [
      'an additional one with name only',
      {
        additional_resource_managers: [
          additional({ 'resource_manager.cluster_name': undefined, 'resource_manager.name': 'second' }),
        ],
      },
      'cluster_name is required:  must be non-empty',
    ],
  ])('%s, in its words', async (_, changes, words) => {
    expect(await refusalOf(changes)).toContain(words);
  });

  test('all faults at once, sorted', async () => {
    const said = await refusalOf({
      [`${gateway}.gateway_ip`]: '',
      [`${gateway}.gateway_name`]: '',
      [`${gateway}.gateway_port_range_start`]: 1024,
    });
    expect(said.split('\n')).toEqual([
      'Check Failed! 3 errors found:',
      `\t${place}invalid gateway_ip:  must be non-empty`,
      `\t${place}invalid gateway_name:  must be non-empty`,
      `\t${place}invalid gateway_port_range_start: 1024 is not greater than or equal to 1025`,
    ]);
  });

  test('an empty block turns the feature off, and is printed as null', async () => {
    const { settings, printable } = await load({ [gateway]: {} });
    expect(settings.managers[0]?.gateway).toBeUndefined();
    expect(printable).toContain('"internal_task_gateway":null');
    expect(printable).not.toContain('kR7mmGJq2vWn8TzYxFcd4hPs');
  });

  test('several resource managers, each with its pool', async () => {
    const { settings } = await load({ additional_resource_managers: [additional()] });
    expect(settings.managers.map(({ clusterName, pools }) => [clusterName, pools.map(({ name }) => name)])).toEqual([
      ['dev', ['default']],
      ['second', ['second']],
    ]);
  });
});

test('the file is YAML 1.1, its keys in lower case, empty maps and null are gone', () => {
  const text = 'A: y\nB: no\nc: on\nd: 1_000\ne: 0b11\nf: 0o17\ng: 012\nh: 1e3\ni: {}\nJ: null\nk: "no"\n';
  expect(readMasterYaml(text)).toEqual({ a: true, b: false, c: true, d: 1000, e: 3, f: 15, g: 10, h: 1000, k: 'no' });
});

test('flags are stronger than variables, and those than the file', async () => {
  const path = join(await temporaryDir(), 'master.yaml');
  await writeFile(path, masterText());
  const asked = readCommandLine(['--config-file', path, '--port=8090'], { DET_PORT: '8091', DET_DB_HOST: 'elsewhere' });
  if (asked.command !== 'run') throw new Error('refused');
  const { settings } = loadSettings(asked.configFile, asked.given);
  expect([settings.port, settings.db.host]).toEqual([8090, 'elsewhere']);
});

test('it says what it is, and what it refuses', async () => {
  const version = startProgram(['--version']);
  const unknown = startProgram(['--colour']);
  const missing = startProgram(['--config-file', '/no/such/file']);
  const refused = startProgram(['--config-file', await writeMasterYaml({ colour: 'red' })]);
  expect(await version.ended).toContain('exited with 0');
  expect(version.lines).toEqual([
    "determined-master version 0.38.1+stand-in (a stand-in of taskgate's tests, not Determined)",
  ]);
  for (const one of [unknown, missing, refused]) expect(await one.ended).toContain('exited with 1');
  expect(unknown.lines[0]).toBe('Error: unknown flag: --colour');
  expect(missing.lines.join()).toContain(
    'error finding configuration file: stat /no/such/file: no such file or directory',
  );
  expect(refused.lines.join('\n')).toContain('json: unknown field "colour"');
});

test('what it contains is its own: nothing names itself a copy of the master', async () => {
  const srv = join(dirname(import.meta.dirname), 'fakes/determined/program/root/static/srv');
  for (const name of ['ship_logs.py', 'command-entrypoint.sh', 'notebook-entrypoint.sh', 'shell-entrypoint.sh']) {
    expect(await readFile(join(srv, name), 'utf8')).toContain('Of the stand-in');
  }
});
