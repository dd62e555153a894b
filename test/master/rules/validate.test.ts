import { expect, test } from 'vitest';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { additional, judge, masterText, problemTexts } from '../../support/master/sample.ts';

const rm = 'resource_manager';
const gateway = `${rm}.internal_task_gateway`;
const nameRule = '^[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$';

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];

/** What the real master refused when it was run (docs/determined.md, How the file is read). */
const refused: readonly Row[] = [
  ...['gateway_name', 'gateway_namespace', 'gateway_ip'].flatMap((key): readonly Row[] => [
    [`no ${key}`, { [`${gateway}.${key}`]: undefined }, [`error ${gateway}: ${key} is missing`]],
    [`empty ${key}`, { [`${gateway}.${key}`]: '' }, [`error ${gateway}.${key}: is empty`]],
    [`null ${key}`, { [`${gateway}.${key}`]: null }, [`error ${gateway}.${key}: is empty`]],
  ]),
  [
    'name with /',
    { [`${gateway}.gateway_name`]: 'a/b' },
    [`error ${gateway}.gateway_name: 'a/b' does not match ${nameRule}`],
  ],
  [
    'name of 64 characters',
    { [`${gateway}.gateway_name`]: 'a'.repeat(64) },
    [`error ${gateway}.gateway_name: '${'a'.repeat(64)}' has 64 characters; the master accepts at most 63`],
  ],
  ...[1024, 0, -1].map(
    (port): Row => [
      `start ${port}`,
      { [`${gateway}.gateway_port_range_start`]: port },
      [`error ${gateway}.gateway_port_range_start: ${port} is not in 1025-65535`],
    ],
  ),
  [
    'end 65536',
    { [`${gateway}.gateway_port_range_end`]: 65536 },
    [`error ${gateway}.gateway_port_range_end: 65536 is not in 1025-65535`],
  ],
  [
    'start > end',
    { [`${gateway}.gateway_port_range_start`]: 20200 },
    [`error ${gateway}.gateway_port_range_end: end 20199 is not greater than gateway_port_range_start 20200`],
  ],
  [
    'start = end',
    { [`${gateway}.gateway_port_range_start`]: 20199 },
    [`error ${gateway}.gateway_port_range_end: end 20199 is not greater than gateway_port_range_start 20199`],
  ],
  [
    'several faults',
    { [`${gateway}.gateway_name`]: '', [`${gateway}.gateway_ip`]: '', [`${gateway}.gateway_port_range_end`]: 70000 },
    [
      `error ${gateway}.gateway_name: is empty`,
      `error ${gateway}.gateway_ip: is empty`,
      `error ${gateway}.gateway_port_range_end: 70000 is not in 1025-65535`,
    ],
  ],
  [
    'number as name',
    { [`${gateway}.gateway_name`]: 5 },
    [`error ${gateway}.gateway_name: must be a string, is the number 5`],
  ],
  [
    'string as port',
    { [`${gateway}.gateway_port_range_start`]: 'low' },
    [`error ${gateway}.gateway_port_range_start: must be an integer, is the string 'low'`],
  ],
  [
    'float as port',
    { [`${gateway}.gateway_port_range_start`]: 20000.5 },
    [`error ${gateway}.gateway_port_range_start: must be an integer, is the number 20000.5`],
  ],
  [
    'bool as namespace',
    { [`${gateway}.gateway_namespace`]: true },
    [`error ${gateway}.gateway_namespace: must be a string, is true`],
  ],
  ['string as block', { [gateway]: 'contour' }, [`error ${gateway}: must be a block of keys, is the string 'contour'`]],
  [
    'block at top level',
    { internal_task_gateway: { gateway_name: 'contour' } },
    ["error internal_task_gateway: 'internal_task_gateway' is not a key here: the master refuses it"],
  ],
  [
    'gateway key in the resource manager',
    { [`${rm}.gateway_name`]: 'contour' },
    [`error ${rm}.gateway_name: 'gateway_name' is not a key here: the master refuses it`],
  ],
  [
    'namespace',
    { [`${rm}.namespace`]: 'team' },
    [`error ${rm}.namespace: 'namespace' is not a key here: the master refuses it`],
  ],
  ['unknown top key', { colour: 'red' }, ["error colour: 'colour' is not a key here: the master refuses it"]],
  [
    'no type',
    { [`${rm}.type`]: undefined },
    [`error ${rm}.type: is missing: the master then assumes an agent resource manager`],
  ],
  ['type k8s', { [`${rm}.type`]: 'k8s' }, [`error ${rm}.type: 'k8s' is not one of agent, kubernetes, slurm, pbs`]],
  ['root pools []', { resource_pools: [] }, ['error resource_pools: is empty', ...poolless()]],
];

function poolless(): readonly string[] {
  return ['aux', 'compute'].map(
    (kind) => `warning ${rm}.default_${kind}_resource_pool: there is no resource pool 'default'`,
  );
}

/** What the real master accepted, and what failed later or never. */
const accepted: readonly Row[] = [
  [
    'unknown key',
    { [`${gateway}.colour`]: 'red' },
    [`warning ${gateway}.colour: 'colour' is not a key here: the master silently ignores it`],
  ],
  [
    'camelCase key',
    { [`${gateway}.gatewayName`]: 'contour' },
    [`warning ${gateway}.gatewayName: 'gatewayName' is not a key here: the master silently ignores it`],
  ],
  [
    '$GATEWAY_IP',
    { [`${gateway}.gateway_ip`]: '$GATEWAY_IP' },
    [`error ${gateway}.gateway_ip: $GATEWAY_IP is not expanded in '$GATEWAY_IP'`],
  ],
  [
    'Con_Tour',
    { [`${gateway}.gateway_name`]: 'Con_Tour' },
    [`error ${gateway}.gateway_name: 'Con_Tour' cannot be a Kubernetes name: only a-z, 0-9, '-' and '.'`],
  ],
  [
    'no range keys',
    { [`${gateway}.gateway_port_range_start`]: undefined, [`${gateway}.gateway_port_range_end`]: undefined },
    [
      `warning ${gateway}.gateway_port_range_start: is missing: the master then uses 32768`,
      `warning ${gateway}.gateway_port_range_end: is missing: the master then uses 65535`,
    ],
  ],
  [
    'start: null',
    { [`${gateway}.gateway_port_range_start`]: null },
    [
      `warning ${gateway}.gateway_port_range_start: is missing: the master then uses 32768`,
      `error ${gateway}.gateway_port_range_end: end 20199 is not greater than gateway_port_range_start 32768`,
    ],
  ],
  [
    'port 70000',
    { [`${rm}.determined_master_port`]: 70000 },
    [`warning ${rm}.determined_master_port: 70000 is not in 1-65535`],
  ],
  [
    'scheme ftp',
    { [`${rm}.determined_master_scheme`]: 'ftp' },
    [`warning ${rm}.determined_master_scheme: 'ftp' is not one of http, https`],
  ],
  [
    'no determined_master_host',
    { [`${rm}.determined_master_host`]: undefined },
    [`error ${rm}.determined_master_host: is missing: the master then looks for a Service without a name`],
  ],
  ['empty block', { [gateway]: {} }, [`error ${gateway}: is empty`]],
  ['null block', { [gateway]: null }, [`error ${gateway}: is empty`]],
  [
    'resourceManager: {}',
    { resourceManager: {} },
    ["error resourceManager: 'resourceManager' is not a key here: the master refuses it"],
  ],
];

test.each([...refused, ...accepted])('%s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});

test('the same Gateway for two resource managers', () => {
  const config = { additional_resource_managers: [additional({ [`${gateway}.gateway_ip`]: '192.168.49.2' })] };
  expect(judge(config)).toEqual([
    `error additional_resource_managers[0].${gateway}.gateway_name: Gateway projectcontour/contour already belongs to the resource manager on line 18`,
  ]);
});

test('two resource managers with a cluster and a Gateway each', () => {
  expect(judge({ additional_resource_managers: [additional()] })).toEqual([]);
});

test.each([
  ['no YAML', 'a: [', 'error : Flow sequence'],
  ['a list', '- a', 'error : must be a block of keys'],
  ['a text', 'a', 'error : must be a block of keys'],
  ['nothing', '', 'error : file has no content'],
])('%s is one problem, and no exception', (_, text, problem) => {
  expect(problemTexts(validateMasterConfig(text))).toEqual([expect.stringContaining(problem)]);
});

test('the resource manager of agents has keys of its own', () => {
  const agents = { type: 'agent', scheduler: { type: 'priority' }, require_authentication: true };
  expect(judge({ [rm]: agents })).toEqual([]);
  expect(judge({ [rm]: agents, additional_resource_managers: [additional()] })).toEqual([]);
  expect(judge({ [`${rm}.require_authentication`]: true })).toEqual([
    expect.stringContaining(`${rm}.require_authentication: 'require_authentication' is not a key here`),
  ]);
});

/** Keys in any case, and unquoted words that YAML 1.1 takes for something else. */
test.each<readonly [good: string, written: string, expected: readonly string[]]>([
  ['gateway_name', 'Gateway_Name', ["warning KEY: 'Gateway_Name' works only because keys are lower-cased"]],
  ['gateway_name: contour', 'gateway_name: no', ['error KEY: must be a string, is no, which YAML 1.1 reads as false']],
  ['gateway_name: contour', 'gateway_name: "no"', []],
  ['gateway_name: contour', 'gateway_name: y', ['error KEY: must be a string, is y, which YAML 1.1 reads as true']],
  [
    'gateway_name: contour',
    'gateway_name: off',
    ['error KEY: must be a string, is off, which YAML 1.1 reads as false'],
  ],
  ...['1_000', '0b1111101000', '0o1750', '01750', '1e3'].map(
    (text) =>
      [
        'gateway_name: contour',
        `gateway_name: ${text}`,
        [`error KEY: must be a string, is ${text}, which YAML 1.1 reads as the number 1000`],
      ] as const,
  ),
  ['_start: 20000', '_start: 20_000', ['warning KEY: unquoted 20_000 is read as 20000']],
  ['_start: 20000', '_start: 047040', ['warning KEY: unquoted 047040 is read as 20000']],
  ['_start: 20000', '_start: 2e4', ['warning KEY: unquoted 2e4 is read as 20000']],
])('%s written as %s', (good, written, expected) => {
  const key = good.startsWith('_start') ? 'gateway_port_range_start' : (written.split(':')[0] ?? '');
  const problems = problemTexts(validateMasterConfig(masterText().replace(good, written)));
  expect(problems).toEqual(expected.map((line) => line.replace('KEY', `${gateway}.${key}`)));
});
