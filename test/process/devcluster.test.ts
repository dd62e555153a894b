import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { messageOf } from '../../src/lib/errors.ts';
import { CommandError, execaRunner } from '../../src/lib/process/runner.ts';
import { renderYaml } from '../../src/lib/template.ts';
import { validateMasterConfig } from '../../src/master/rules/validate.ts';
import { masterConfig } from '../../src/master/write/config.ts';
import { renderDevcluster } from '../../src/master/write/devcluster.ts';
import { both, devcluster, patch } from '../support/master/patch-sample.ts';
import { changed, errorsOf, sampleValues, secondValues } from '../support/master/sample.ts';

const release = 'devcluster==1.3.2';
/** Loads a file as devcluster's __main__.py does, and prints each master's configuration as its stage writes it. */
const loader = `
import json, sys, yaml
import devcluster as dc
with open(sys.argv[1]) as f:
    body = yaml.safe_load(f.read())
config = dc.Config(dc.expand_env(body, {}))
masters = [stage.config_file for stage in config.stages if type(stage).__name__ == "MasterConfig"]
for stage in config.stages:
    for operation in getattr(stage, "pre", []) + getattr(stage, "post", []):
        if isinstance(operation, dict):
            dc.AtomicConfig.read(operation)
dc.DockerProcess = lambda config, *_: config
databases = [stage.build_stage(None, None, None, None).run_args for stage in config.stages if type(stage).__name__ == "DBConfig"]
print(json.dumps({"databases": databases, "masters": masters, "written": [yaml.dump(master) for master in masters]}))
`;

type Loaded = {
  /** What its database stages give to docker run. */
  readonly databases: readonly (readonly string[])[];
  readonly masters: readonly unknown[];
  readonly written: readonly string[];
};

const state = { dir: '', python: '' };

const install = async (dir: string): Promise<string> => {
  try {
    await execaRunner(['python3', '-m', 'venv', join(dir, 'venv')], { timeoutMs: 60_000 });
    const python = join(dir, 'venv', 'bin', 'python');
    await execaRunner([python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', release], {
      timeoutMs: 100_000,
    });
    return python;
  } catch (error) {
    throw new Error(
      `cannot have ${release}, which this test is about (python3 with venv, and pip's index): ${messageOf(error)}`,
    );
  }
};

beforeAll(async () => {
  state.dir = await mkdtemp(join(tmpdir(), 'taskgate-devcluster-'));
  state.python = await install(state.dir);
}, 180_000);

afterAll(() => rm(state.dir, { recursive: true, force: true }));

const load = async (text: string): Promise<Loaded> => {
  const file = join(state.dir, 'devcluster.yaml');
  await writeFile(file, text, { mode: 0o600 });
  const { stdout } = await execaRunner([state.python, '-c', loader, file], { timeoutMs: 30_000 });
  return JSON.parse(stdout) as Loaded;
};

const refusal = async (text: string): Promise<string> => {
  try {
    await load(text);
  } catch (error) {
    if (error instanceof CommandError) return error.stderr;
    throw error;
  }
  return 'accepted';
};

const awkward = { ...sampleValues, adminPassword: 'a$HOME$$b', clusterName: 'no', resourcePool: '012' };

test.each([
  ['plain', sampleValues],
  ['awkward', awkward],
])('devcluster loads our file and hands over what we meant: %s values', async (_, values) => {
  const { masters, written } = await load(renderDevcluster(values));
  expect(masters).toEqual([masterConfig(values)]);
  expect(written.flatMap(errorsOf)).toEqual([]);
});

test.each([
  ['plain', sampleValues],
  ['awkward', awkward],
])('devcluster loads our file over several instances: %s values', async (_, values) => {
  const { masters, written } = await load(renderDevcluster(values, secondValues));
  expect(masters).toEqual([masterConfig(values, secondValues)]);
  expect(written.flatMap(errorsOf)).toEqual([]);
});

test('the database of our file outlives devcluster: it lies in a volume of this instance', async () => {
  const one = { ...sampleValues, instanceId: '0123456789abcdef' };
  const volumeOf = async (values: typeof one) => {
    const [run = [], ...others] = (await load(renderDevcluster(values))).databases;
    expect(others).toEqual([]);
    return run[run.indexOf('-v') + 1];
  };
  // a name without a slash is a volume to Docker, not a folder
  expect(await volumeOf(one)).toBe('taskgate-dev-db-0123456789abcdef:/var/lib/postgresql/data');
  expect(await volumeOf({ ...one, instanceId: 'f'.repeat(16) })).not.toBe(await volumeOf(one));
});

test("devcluster loads a patched file, in which only the resource managers' own keys have changed", async () => {
  const before = await load(devcluster);
  const after = await load(patch(devcluster, both).text);
  const { resource_manager: root, additional_resource_managers: additional } = masterConfig(sampleValues, secondValues);
  const ours = (manager: object) =>
    Object.fromEntries(
      Object.entries(manager).filter(([key]) => /^(kubeconfig_path|determined_master_|internal_)/.test(key)),
    );
  const extra = 'additional_resource_managers.0.resource_manager';
  expect(after.masters).toEqual([
    changed(before.masters[0], {
      resource_manager: { type: 'kubernetes', max_slots_per_pod: 1, ...ours(root) },
      [extra]: {
        type: 'kubernetes',
        cluster_name: 'extra',
        max_slots_per_pod: 2,
        ...ours(additional?.[0]?.resource_manager ?? {}),
      },
    }),
  ]);
  expect(after.written.flatMap(errorsOf)).toEqual([]);
});

const stages = (changes: Readonly<Record<string, unknown>>): string => {
  const file = { stages: [{ db: { name: 'db' } }, { master: { config_file: masterConfig(sampleValues) } }] };
  return renderYaml(changed(file, changes));
};

/** Whatever the real one refuses, ours refuses. */
test.each([
  ['unknown top key', { colour: 'red' }],
  ['unknown stage', { 'stages.0': { database: {} } }],
  ['unknown key of a master', { 'stages.1.master.env': { A: '1' } }],
  ['unknown key of a database', { 'stages.0.db.user': 'me' }],
  ['no stages', { stages: undefined }],
  ['stages that are no blocks', { stages: ['db'] }],
  ['an unknown signal', { 'stages.1.master.kill_signal': 'SIGSTOPP' }],
  ['a cmdline that is no list', { 'stages.1.master.cmdline': 'master' }],
  ['a number in cmdline', { 'stages.1.master.cmdline': ['master', 1] }],
  ['an unknown operation', { 'stages.1.master.post': [{ shell: 'true' }] }],
  ['a conncheck without port', { 'stages.1.master.post': [{ conncheck: { host: 'x' } }] }],
  ['a custom stage without name', { 'stages.0': { custom: { cmd: ['x'] } } }],
  ['a port that is no number', { 'stages.0.db.port': 'pg' }],
])('devcluster refuses %s, and so do we', async (_, changes) => {
  const text = stages(changes);
  expect(await refusal(text)).toMatch(/AssertionError|ValueError|AttributeError/);
  expect(validateMasterConfig(text).map(({ severity }) => severity)).toContain('error');
});

test.each(['y', 'N', '1e3', '0o17'])('devcluster loses the quotes of "%s", and we say so', async (word) => {
  const text = stages({ 'stages.1.master.config_file.resource_manager.default_namespace': word });
  const { masters, written } = await load(text);
  expect(masters).toMatchObject([{ resource_manager: { default_namespace: word } }]);
  expect(written.join('')).toContain(`default_namespace: ${word}\n`);
  expect(errorsOf(text).map(({ message }) => message)).toContainEqual(expect.stringContaining('changes its type'));
});
