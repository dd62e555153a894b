import { expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { parseYaml, renderYaml } from '../../../src/lib/template.ts';
import { masterConfigsOf } from '../../../src/master/rules/devcluster.ts';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { findNumber, parseLocated } from '../../../src/master/schema/document.ts';
import { masterConfig } from '../../../src/master/write/config.ts';
import { renderDevcluster } from '../../../src/master/write/devcluster.ts';
import { changed, errorsOf, pathsOf, problemTexts, sampleValues } from '../../support/master/sample.ts';

const text = renderDevcluster(sampleValues);
const good = parseYaml(text);
const master = 'stages.1.master';
const shownMaster = 'stages[1].master';
const shownGateway = `${shownMaster}.config_file.resource_manager.internal_task_gateway`;

const judge = (changes: Readonly<Record<string, unknown>>): readonly string[] =>
  problemTexts(validateMasterConfig(renderYaml(changed(good, changes))));

test('writes a database and a master, found good', () => {
  expect(text).toMatch(/^# Made by taskgate/);
  expect(text).toMatch(/^# Holds the password/m);
  expect(good).toMatchObject({
    stages: [{ db: { port: 5432 } }, { master: { config_file: masterConfig(sampleValues) } }],
  });
  expect(validateMasterConfig(text)).toEqual([]);
});

test.each([
  ['0123456789abcdef', 'taskgate-dev-db-0123456789abcdef'],
  [undefined, 'taskgate-dev-db'],
])('the database has a volume of instance %s, and the file says how it is removed', (instanceId, volume) => {
  const { instanceId: _, ...others } = sampleValues;
  const file = renderDevcluster({ ...others, ...(instanceId !== undefined && { instanceId }) });
  expect(parseYaml(file)).toMatchObject({ stages: [{ db: { data_dir: volume } }, {}] });
  expect(file).toMatch(new RegExp(`docker volume rm ${volume}$`, 'm'));
});

test('doubles dollar signs', () => {
  const values = { ...sampleValues, adminPassword: 'a$b$$c$' };
  expect(parseYaml(renderDevcluster(values))).toMatchObject({
    stages: [{}, { master: { config_file: { security: { initial_user_password: 'a$$b$$$$c$$' } } } }],
  });
});

test.each(['y', '1e3', '0o17'])('refuses a namespace %s, which devcluster cannot hand over', (taskNamespace) => {
  expect(() => renderDevcluster({ ...sampleValues, taskNamespace })).toThrow(UserError);
});

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];
const refused = 'is not a key here: devcluster 1.3.2 refuses it';

const rows: readonly Row[] = [
  ['unknown top key', { colour: 1 }, [`error colour: 'colour' ${refused}`]],
  ['upper case', { Cwd: '/x' }, [`error Cwd: 'Cwd' ${refused}`]],
  ['env of a master', { [`${master}.env`]: { A: '1' } }, [`error ${shownMaster}.env: 'env' ${refused}`]],
  ['unknown stage', { 'stages.0': { database: {} } }, [`error stages[0].database: 'database' ${refused}`]],
  [
    'two stages in one',
    { 'stages.0.agent': { name: 'a' } },
    ["error stages[0].agent: is ignored: the stage already is 'db'"],
  ],
  [
    'signal',
    { [`${master}.kill_signal`]: 'SIGSTOPP' },
    [`error ${shownMaster}.kill_signal: 'SIGSTOPP' is not a signal`],
  ],
  ['port as a word', { 'stages.0.db.port': 'pg' }, ["error stages[0].db.port: 'pg' is not a number"]],
  [
    'a pattern with an open bracket',
    { [`${master}.post`]: [{ logcheck: { regex: 'up (' } }] },
    [`error ${shownMaster}.post[0].logcheck.regex: 'up (' is not a regular expression`],
  ],
  ['a pattern of Python', { [`${master}.post`]: [{ logcheck: { regex: '(?i)(?P<port>[0-9]+)(?P=port)\\Z' } }] }, []],
  [
    'port with a letter behind it',
    { 'stages.0.db.port': '5432a' },
    ["error stages[0].db.port: '5432a' is not a number"],
  ],
  [
    'port with a letter before it',
    { 'stages.0.db.port': 'a5432' },
    ["error stages[0].db.port: 'a5432' is not a number"],
  ],
  [
    'a pattern before the stage',
    { [`${master}.pre`]: [{ logcheck: { regex: 'up (' } }] },
    [`error ${shownMaster}.pre[0].logcheck.regex: 'up (' is not a regular expression`],
  ],
  ['an empty stage', { 'stages.0': {} }, ['error stages[0]: is empty']],
  ['a stage that is a text', { 'stages.0': 'db' }, ["error stages[0]: must be a block of keys, is the string 'db'"]],
  [
    'host networking, a bool, of a pod',
    { [`${master}.config_file.task_container_defaults.cpu_pod_spec`]: { spec: { hostNetwork: true } } },
    [
      `error ${shownMaster}.config_file.task_container_defaults.cpu_pod_spec.spec.hostNetwork: host networking cannot be set in a pod spec: the master refuses it`,
    ],
  ],
  [
    'a password that loses its quotes is not shown',
    { [`${master}.config_file.db.password`]: '1e3' },
    [
      `error ${shownMaster}.config_file.db.password: the value changes its type: devcluster hands it to the master without quotes`,
    ],
  ],
  ['port in quotes', { 'stages.0.db.port': '5432' }, []],
  ['short signal', { [`${master}.kill_signal`]: 'TERM' }, []],
  [
    'cmdline as a string',
    { [`${master}.cmdline`]: 'x' },
    [`error ${shownMaster}.cmdline: must be a list, is the string 'x'`],
  ],
  [
    'number in cmdline',
    { [`${master}.cmdline`]: ['x', 1] },
    [`error ${shownMaster}.cmdline[1]: must be a string, is the number 1`],
  ],
  [
    'unknown operation',
    { [`${master}.pre`]: [{ shell: 'x' }] },
    [`error ${shownMaster}.pre[0].shell: 'shell' ${refused}`],
  ],
  [
    'conncheck without port',
    { [`${master}.pre`]: [{ conncheck: { host: 'x' } }] },
    [`error ${shownMaster}.pre[0].conncheck: port is missing`],
  ],
  [
    'all operations',
    {
      [`${master}.post`]: [
        { sh: 'echo $HOME' },
        { custom: ['a'] },
        { logcheck: { regex: 'x' } },
        { conncheck: { port: 1 } },
      ],
    },
    [],
  ],
  ['custom without name', { 'stages.0': { custom: { cmd: ['x'] } } }, ['error stages[0].custom: name is missing']],
  ['custom_docker', { 'stages.0': { custom_docker: { name: 'a', container_name: 'b', run_args: ['c'] } } }, []],
  [
    'no config_file',
    { [`${master}.config_file`]: undefined },
    [`warning ${shownMaster}: config_file is missing: this master was not checked`],
  ],
  [
    'variable',
    { [`${master}.config_file.root`]: '$ROOT/x' },
    [`warning ${shownMaster}.config_file.root: $ROOT is left unexpanded: it is not exported`],
  ],
  [
    'guessed host',
    { [`${master}.config_file.resource_manager.determined_master_host`]: '$DOCKER_LOCALHOST' },
    [
      `warning ${shownMaster}.config_file.resource_manager.determined_master_host: $DOCKER_LOCALHOST is guessed by devcluster, even if you export another value`,
    ],
  ],
  [
    'escaped variable',
    { [`${master}.config_file.root`]: '$$ROOT/x' },
    [`warning ${shownMaster}.config_file.root: $ROOT is not expanded in '$ROOT/x'`],
  ],
  [
    'lost quotes',
    { [`${master}.config_file.cache.cache_dir`]: '1e3' },
    [
      `error ${shownMaster}.config_file.cache.cache_dir: '1e3' changes its type: devcluster hands it to the master without quotes`,
    ],
  ],
  ['kept quotes', { [`${master}.config_file.cache.cache_dir`]: 'no' }, []],
  [
    'a fault of the master',
    { [`${master}.config_file.resource_manager.internal_task_gateway.gateway_ip`]: '' },
    [`error ${shownGateway}.gateway_ip: is empty`],
  ],
  ['no stages in it', { stages: [] }, ['error stages: is empty']],
];

test.each(rows)('%s', (_, changes, problems) => {
  expect(judge(changes)).toEqual(problems);
});

test('variables that are exported are expanded in lists, too', () => {
  const mounts = {
    [`${master}.config_file.task_container_defaults.bind_mounts`]: [{ host_path: '$DATA', container_path: '/data' }],
  };
  const judgeWith = (DATA: string) => problemTexts(validateMasterConfig(renderYaml(changed(good, mounts)), { DATA }));
  expect(judgeWith('/srv')).toEqual([]);
  expect(judgeWith('srv')).toEqual([expect.stringContaining("'srv' is not an absolute path")]);
});

test('the configurations of all masters are found, wherever they are', () => {
  const stages = [
    { db: {} },
    { master: { config_file: { port: 1 } } },
    { master: {} },
    { master: { config_file: { port: 2 } } },
  ];
  const { root } = parseLocated(renderYaml({ stages }));
  expect(root && masterConfigsOf(root).map((config) => findNumber(config, 'port'))).toEqual([1, 2]);
});

test('every master stage is judged', () => {
  const stage = { master: { name: 'other', config_file: { resource_manager: { type: 'kubernetes' } } } };
  const paths = errorsOf(renderYaml(changed(good, { 'stages.2': stage }))).map(({ path }) => path);
  expect(paths).toContain('stages[2].master.config_file.resource_manager.determined_master_host');
});

test('base 60 is seen', () => {
  expect(problemTexts(validateMasterConfig(text.replace('port: 5432', 'port: 1:30')))).toContain(
    'error stages[0].db.port: unquoted 1:30 is a base 60 number to devcluster',
  );
});

const stageKeys = pathsOf(good).filter((path) => !path.includes('config_file.') && !/\.\d+$/.test(path));

test.each(stageKeys)('%s misspelt is refused', (path) => {
  const parts = path.split('.');
  const key = `${parts.pop()}_x`;
  const value = path.split('.').reduce<unknown>((tree, part) => (tree as Record<string, unknown>)[part], good);
  const problems = errorsOf(renderYaml(changed(good, { [path]: undefined, [[...parts, key].join('.')]: value })));
  expect(problems.length).toBeGreaterThan(0);
});
