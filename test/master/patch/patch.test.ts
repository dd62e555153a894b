import { expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { renderMasterConfig } from '../../../src/master/write/config.ts';
import { renderDevcluster } from '../../../src/master/write/devcluster.ts';
import { both, byCluster, devcluster, patch, patchedDevcluster } from '../../support/master/patch-sample.ts';
import { errorsOf, sampleValues, secondValues } from '../../support/master/sample.ts';

test('changes only the resource managers of a devcluster file, byte for byte', () => {
  const { text, clusters } = patch(devcluster, both);
  expect(text).toBe(patchedDevcluster);
  expect(clusters).toEqual(['default', 'extra']);
  expect(errorsOf(text)).toEqual([]);
});

test('a second patch changes nothing', () => {
  expect(patch(patchedDevcluster, both).text).toBe(patchedDevcluster);
});

test('only those that are named', () => {
  const { text, clusters } = patch(
    patchedDevcluster.replace('192.168.49.2', '1.2.3.4'),
    byCluster({ extra: { ...secondValues, gateway: { ...secondValues.gateway, address: '5.6.7.8' } } }),
  );
  expect(text).toBe(patchedDevcluster.replace('192.168.49.2', '1.2.3.4').replace('192.168.58.2', '5.6.7.8'));
  expect(clusters).toEqual(['extra']);
});

test('what we render needs no patch', () => {
  const values = byCluster({ dev: sampleValues, second: secondValues });
  for (const text of [renderMasterConfig(sampleValues, secondValues), renderDevcluster(sampleValues, secondValues)]) {
    expect(patch(text, values).text).toBe(text);
  }
});

test("Windows' line ends are kept", () => {
  const text = patch(devcluster.replaceAll('\n', '\r\n'), both).text;
  expect(text).toBe(patchedDevcluster.replaceAll('\n', '\r\n'));
});

const tail = 'determined_master_port: 8080, kubeconfig_path: /k';
const gateway =
  '{gateway_name: contour, gateway_namespace: projectcontour, gateway_ip: 192.168.49.2, gateway_port_range_start: 20000, gateway_port_range_end: 20199}';
const short = { ...sampleValues, kubeconfigPath: '/k' };
const block = (gap: string) => `${gap}kubeconfig_path: /k
${gap}determined_master_scheme: http
${gap}determined_master_host: 10.0.2.2
${gap}determined_master_port: 8080
${gap}internal_task_gateway:
${gap}  gateway_name: contour
${gap}  gateway_namespace: projectcontour
${gap}  gateway_ip: 192.168.49.2
${gap}  gateway_port_range_start: 20000
${gap}  gateway_port_range_end: 20199
`;

const forms: readonly (readonly [what: string, before: string, after: string])[] = [
  [
    'a block in braces',
    `resource_manager: {type: kubernetes, max_slots_per_pod: 1, ${tail}, }\n`,
    `resource_manager: {type: kubernetes, max_slots_per_pod: 1, ${tail}, determined_master_scheme: http, determined_master_host: 10.0.2.2, internal_task_gateway: ${gateway}, }\n`,
  ],
  [
    'the file ends without a line end',
    'resource_manager:\n  max_slots_per_pod: 1\n  type: kubernetes',
    `resource_manager:\n  max_slots_per_pod: 1\n  type: kubernetes\n${block('  ').trimEnd()}`,
  ],
  [
    'no key of one line',
    'resource_manager:\n    type:\n      kubernetes\n    max_slots_per_pod:\n      1\n# end\n',
    `resource_manager:\n    type:\n      kubernetes\n    max_slots_per_pod:\n      1\n${block('    ')}# end\n`,
  ],
  [
    'empty values and a comment behind one',
    `resource_manager:\n  type: kubernetes\n  kubeconfig_path:\n  determined_master_scheme: http\n  determined_master_host:   # where\n  determined_master_port: 8080\n  internal_task_gateway:\n  max_slots_per_pod: 1\n`,
    `resource_manager:\n  type: kubernetes\n  kubeconfig_path: /k\n  determined_master_scheme: http\n  determined_master_host:   10.0.2.2 # where\n  determined_master_port: 8080\n  internal_task_gateway: ${gateway}\n  max_slots_per_pod: 1\n`,
  ],
  [
    'an empty gateway, and keys in another case',
    `resource_manager:\n  type: kubernetes\n  KubeConfig_Path: /old\n  determined_master_scheme: http\n  determined_master_host: 10.0.2.2\n  internal_task_gateway: {}\n  determined_master_port: 8080\n`,
    `resource_manager:\n  type: kubernetes\n  KubeConfig_Path: /k\n  determined_master_scheme: http\n  determined_master_host: 10.0.2.2\n  internal_task_gateway: ${gateway}\n  determined_master_port: 8080\n`,
  ],
  [
    'a value of another type in quotes, and one that is right in quotes',
    `resource_manager:\n  type: kubernetes\n  kubeconfig_path: "/k"\n  determined_master_scheme: 'http'\n  determined_master_host: |-\n    10.0.2.2\n  determined_master_port: "8080" # text\n  internal_task_gateway: ${gateway}\n`,
    `resource_manager:\n  type: kubernetes\n  kubeconfig_path: "/k"\n  determined_master_scheme: 'http'\n  determined_master_host: |-\n    10.0.2.2\n  determined_master_port: 8080 # text\n  internal_task_gateway: ${gateway}\n`,
  ],
  [
    'a type that comes by <<',
    `resource_manager:\n  <<: &base {type: kubernetes, max_slots_per_pod: 1, kubeconfig_path: /old}\n`,
    `resource_manager:\n${block('  ')}  <<: &base {type: kubernetes, max_slots_per_pod: 1, kubeconfig_path: /old}\n`,
  ],
];

test.each(forms)('any form is kept: %s', (_, before, after) => {
  const { text } = patch(before, short);
  expect(text).toBe(after);
  expect(patch(text, short).text).toBe(text);
});

test('values that need quotes get them, also between braces', () => {
  const odd = { ...sampleValues, kubeconfigPath: '/home/a, b}/x: 1', gateway: { ...sampleValues.gateway, name: 'no' } };
  for (const before of ['resource_manager: {type: kubernetes}\n', 'resource_manager:\n  type: kubernetes\n']) {
    const { text } = patch(before, odd);
    expect(text).toContain('kubeconfig_path: "/home/a, b}/x: 1"');
    expect(text).toContain('gateway_name: "no"');
  }
});

test('dollar signs are doubled for devcluster', () => {
  const text = 'stages:\n- master:\n    config_file:\n      resource_manager: {type: kubernetes}\n';
  const odd = { ...sampleValues, kubeconfigPath: '/home/a$1' };
  expect(patch(text, odd).text).toContain('kubeconfig_path: "/home/a$$1"');
});

test('throws only UserErrors, for any text', () => {
  const bits = ['a: 1', ': ', '\n', '  ', '- ', '{', '}', ', ', '&a ', '*a', '<<', '!!str ', '|', ' # x', '"'];
  const keys = ['kubeconfig_path', 'internal_task_gateway', 'determined_master_ip', 'name'];
  const values = ['', '{}', '{gateway_ip: a}', '\n    gateway_ip: b # x', '|\n    text', '"1"', '*a', '[1]', '&a x'];
  let seed = 11;
  const next = (limit: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * limit);
  };
  const oneOf = (from: readonly string[]): string => from[next(from.length)] ?? '';
  const noise = () => (next(5) === 0 ? oneOf(bits) + oneOf(bits) : '');
  let patched = 0;
  for (let round = 0; round < 300; round++) {
    const lines = Array.from({ length: next(4) }, () => `  ${oneOf(keys)}: ${oneOf(values)}${noise()}\n`);
    const text = `${noise()}resource_manager:${noise()}\n  type: kubernetes${noise()}\n${lines.join('')}${noise()}`;
    try {
      const { text: after } = patch(text);
      patched += 1;
      expect(patch(after).text, JSON.stringify(text)).toBe(after);
      const faults = validateMasterConfig(after).filter(({ path }) => path.includes('internal_task_gateway'));
      expect(faults, JSON.stringify(text)).toEqual([]);
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`at ${JSON.stringify(text)}`, { cause: error });
    }
  }
  expect(patched).toBeGreaterThan(50);
});
