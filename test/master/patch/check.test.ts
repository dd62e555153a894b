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
const extra = 'stages[1].master.config_file';

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
    'a variable in a master.yaml',
    'root: $ROOT/x\nresource_manager: {type: kubernetes}\n',
    'variable',
    "mine.yaml:1:7: root: $ROOT is not expanded in '$ROOT/x'",
  ],
  [
    'a variable in a devcluster file',
    devcluster.replace('small:1', '$IMAGE'),
    'variable',
    `mine.yaml:13:43: ${extra}.task_container_defaults.image: $IMAGE is left unexpanded`,
    both,
  ],
  [
    'a variable below what was written in',
    `${devcluster}cwd: $HOME\n`,
    'variable',
    'mine.yaml:41:6: cwd: $HOME is left unexpanded',
    both,
  ],
  [
    'a variable of one that is not named',
    devcluster,
    'variable',
    `${extra}.${firstAdditional}.kubeconfig_path: $KUBE_EXTRA is left unexpanded`,
    byCluster({ default: sampleValues }),
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
