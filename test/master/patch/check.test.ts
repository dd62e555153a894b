import { expect, test } from 'vitest';
import type { PatchValues } from '../../../src/master/patch/patch.ts';
import { both, byCluster, devcluster, patch } from '../../support/master/patch-sample.ts';
import { sampleValues } from '../../support/master/sample.ts';

const managers = (...names: readonly string[]): string =>
  [
    'resource_manager: {type: kubernetes, cluster_name: root}',
    'additional_resource_managers:',
    ...names.map((name) => `- resource_manager: {type: kubernetes, cluster_name: ${name}}`),
    '',
  ].join('\n');

const onePort = { ...sampleValues, gateway: { ...sampleValues.gateway, portRange: { start: 20000, end: 20000 } } };
const firstAdditional = 'additional_resource_managers[0].resource_manager';

type Row = readonly [what: string, text: string, id: string, says: string, values?: PatchValues];

const rows: readonly Row[] = [
  ['no YAML', 'a: [\n', 'syntax', 'mine.yaml:'],
  ['nothing', '', 'syntax', 'mine.yaml:1:1: file has no content'],
  ['a key twice', 'resource_manager:\n  type: kubernetes\n  type: agent\n', 'syntax', 'mine.yaml:3:3: '],
  [
    'agents only',
    'resource_manager:\n  type: agent\n',
    'no-manager',
    'mine.yaml:2:3: resource_manager: there is no Kub',
  ],
  ['none at all', 'port: 8080\n', 'no-manager', 'mine.yaml:1:1: there is no Kubernetes resource manager'],
  ['a devcluster without a master', 'stages:\n- db: {name: db}\n', 'no-manager', 'mine.yaml:1:1: '],
  [
    'several for one instance',
    managers('b'),
    'ambiguous',
    `mine.yaml:3:21: ${firstAdditional}: there are several Kubernetes resource managers ('root' on line 1, 'b' on line 3)`,
  ],
  [
    'two of one name',
    managers('b', 'b'),
    'ambiguous',
    "mine.yaml:4:21: additional_resource_managers[1].resource_manager: 'b' is also the name of the resource manager on line 3",
    byCluster({ b: sampleValues }),
  ],
  [
    'an unknown name',
    managers('b'),
    'unknown',
    "mine.yaml:1:1: no Kubernetes resource manager has the cluster name 'c'",
    byCluster({ c: sampleValues }),
  ],
  [
    'a variable in a block that is written',
    devcluster.replace('# the range', 'colour: $COLOUR'),
    'variable',
    'internal_task_gateway.colour: $COLOUR is left unexpanded',
    both,
  ],
  [
    'an alias that would change too',
    'resource_manager: &rm {type: kubernetes, cluster_name: root}\nother: *rm\n',
    'shared',
    'mine.yaml:1:23: other.kubeconfig_path: would change too: it is an alias of a patched value',
  ],
  [
    'a block that comes by <<',
    'base: &base {resource_manager: {type: kubernetes}}\n<<: *base\n',
    'shared',
    'mine.yaml:1:32: <<.resource_manager: is merged by << from elsewhere in the file',
  ],
  [
    'a tag',
    'resource_manager:\n  type: kubernetes\n  determined_master_port: !!str 1\n',
    'shared',
    'mine.yaml:2:3: resource_manager: determined_master_port cannot be written in this form',
  ],
];

const cases = rows.map(([what, text, id, says, values = sampleValues]) => ({ what, text, id, says, values }));

test.each(cases)('refuses, with the position: $what', ({ text, id, says, values }) => {
  const wanted = { id: `usage.patch-${id}`, message: expect.stringContaining(says) };
  expect(() => patch(text, values)).toThrow(expect.objectContaining(wanted));
});

test.each<readonly [what: string, values: PatchValues, says: string]>([
  [
    'one Gateway for two resource managers',
    byCluster({ root: sampleValues, b: sampleValues }),
    'Gateway projectcontour/contour already belongs to the resource manager on line 1',
  ],
  ['a range of one port', byCluster({ root: onePort }), 'end 20000 is not greater'],
])('refuses what the master refuses: %s', (_, values, says) => {
  const wanted = { id: 'usage.master-values', message: expect.stringContaining(says) };
  expect(() => patch(managers('b'), values)).toThrow(expect.objectContaining(wanted));
});

test('reports the first four of many problems, and the number of others', () => {
  expect(() => patch('resource_manager: &rm {type: kubernetes}\nother: *rm\n')).toThrow(/patched value; and 5 more$/);
});

test.each([
  { what: 'in a master.yaml', text: 'root: $ROOT/x\nresource_manager: {type: kubernetes}\n', foreign: '$ROOT/x' },
  { what: 'in a devcluster file', text: devcluster.replace('small:1', '$IMAGE'), foreign: '$IMAGE', values: both },
  { what: 'below what is written', text: `${devcluster}cwd: $HOME\n`, foreign: 'cwd: $HOME', values: both },
  {
    what: 'of a resource manager that is not named',
    text: devcluster,
    foreign: '$KUBE_EXTRA',
    values: byCluster({ default: sampleValues }),
  },
])('leaves the variables of the user alone: $what', ({ text, foreign, values = sampleValues }) => {
  expect(patch(text, values).text).toContain(foreign);
});
