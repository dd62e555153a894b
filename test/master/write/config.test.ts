import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { parseYaml, renderYaml } from '../../../src/lib/template.ts';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { masterConfig, renderMasterConfig } from '../../../src/master/write/config.ts';
import type { MasterValues } from '../../../src/master/write/values.ts';
import { changed, errorsOf, masterText, pathsOf, sampleValues } from '../../support/master/sample.ts';

test('writes what a master needs, under a comment that names its maker and its secret', () => {
  const text = renderMasterConfig(sampleValues);
  expect(text).toMatch(/^# Made by taskgate/);
  expect(text).toMatch(/^# Holds the password/m);
  expect(parseYaml(text)).toMatchObject({
    port: 8080,
    root: sampleValues.root,
    db: { host: 'localhost', port: '5432', user: 'postgres', name: 'determined' },
    security: { initial_user_password: sampleValues.adminPassword },
    resource_manager: {
      type: 'kubernetes',
      determined_master_scheme: 'http',
      determined_master_host: '10.0.2.2',
      determined_master_port: 8080,
      internal_task_gateway: {
        gateway_ip: '192.168.49.2',
        gateway_port_range_start: 20000,
        gateway_port_range_end: 20199,
      },
    },
    resource_pools: [{ pool_name: 'default' }],
  });
});

test('names the certificate of a master that has one', () => {
  const tls = { cert: '/instances/dev/master.crt', key: '/instances/dev/master.key' };
  const text = renderMasterConfig({ ...sampleValues, tls });
  expect(parseYaml(text)).toMatchObject({ security: { tls } });
  expect(validateMasterConfig(text)).toEqual([]);
});

/** Names that Kubernetes takes and YAML 1.1 turns into something else when they are not quoted. */
const names = ['contour', 'no', 'y', 'on', 'off', '012', '1e3', '0x1f', '1000', 'null', 'a.b', '0o17'];

test.each(names)('renders %s so that the master reads the same', (name) => {
  const namespace = name.replace('.', '-');
  const values: MasterValues = {
    ...sampleValues,
    clusterName: name,
    resourcePool: name,
    taskNamespace: namespace,
    adminPassword: name,
    gateway: { ...sampleValues.gateway, name, namespace },
  };
  const text = renderMasterConfig(values);
  expect(validateMasterConfig(text)).toEqual([]);
  expect(parseYaml(text)).toEqual(masterConfig(values));
});

test('refuses values that the master would refuse', () => {
  const values = { ...sampleValues, gateway: { ...sampleValues.gateway, portRange: { start: 20000, end: 20000 } } };
  expect(() => renderMasterConfig(values)).toThrow(UserError);
  expect(() => renderMasterConfig(values)).toThrow('resource_manager.internal_task_gateway.gateway_port_range_end');
});

const good = masterConfig(sampleValues);
const paths = pathsOf(good);
const keys = paths.filter((path) => !/\.\d+$/.test(path));
const shown = (path: string): string => path.replace(/\.(\d+)/g, '[$1]');

/** What may be left out, as the master then takes a good default. */
const optional = [
  'port',
  'root',
  'db.password',
  'cache',
  'cache.cache_dir',
  'telemetry',
  'telemetry.enabled',
  'resource_pools',
];
const optionalInManager = [
  'cluster_name',
  'default_namespace',
  'default_aux_resource_pool',
  'default_compute_resource_pool',
  'slot_type',
];
const advised = [
  'db',
  'security',
  'task_container_defaults',
  'kubeconfig_path',
  'determined_master_scheme',
  'determined_master_port',
  'internal_task_gateway',
  'host',
  'user',
  'name',
  'db.port',
  'initial_user_password',
  'image',
  'gateway_port_range_end',
];

const severityWithout = (path: string): string => {
  const isOptional = optional.includes(path) || optionalInManager.some((key) => path === `resource_manager.${key}`);
  if (isOptional) return 'none';
  return advised.some((key) => path === key || path.endsWith(`.${key}`)) ? 'warning' : 'error';
};

const worst = (text: string): string => {
  const found = validateMasterConfig(text).map(({ severity }) => severity);
  return found.includes('error') ? 'error' : (found[0] ?? 'none');
};

const renamed = (path: string, rename: (key: string) => string): string => {
  const parts = path.split('.');
  const key = parts.pop() ?? '';
  const value = path.split('.').reduce<unknown>((tree, part) => (tree as Record<string, unknown>)[part], good);
  return renderYaml(changed(good, { [path]: undefined, [[...parts, rename(key)].join('.')]: value }));
};

const camelCase = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const misspelt = (key: string): string => `${key.slice(0, -1)}${key.at(-1) === 'x' ? 'zz' : 'xx'}`;

const renames = [
  ['misspelt', misspelt],
  ['in camelCase', camelCase],
] as const;

const values = [
  ['a bool', true],
  ['a number', 1.5],
  ['a list', [[1]]],
  ['a block', { surely: 'wrong' }],
  ['a string', 'surely wrong'],
] as const;

/** Whether a key may have a value: another one of its type, or a number for what the master reads as a string. */
const mayBeRight = (path: string, value: unknown): boolean => {
  const present = path.split('.').reduce<unknown>((tree, part) => (tree as Record<string, unknown>)[part], good);
  const takesNumbers = path.startsWith('db.') || path === 'root' || path.endsWith('.cpu');
  if (takesNumbers && typeof value === 'number') return true;
  return typeof value === typeof present && typeof value !== 'object' && typeof value !== 'number';
};

describe.each(keys)('%s', (path) => {
  test('removed', () => {
    expect(worst(masterText({ [path]: undefined }))).toBe(severityWithout(path));
  });

  const key = path.split('.').at(-1) ?? '';

  test.each(renames.filter(([, rename]) => rename(key) !== key))('%s', (_, rename) => {
    const where = shown([...path.split('.').slice(0, -1), rename(key)].join('.'));
    expect(validateMasterConfig(renamed(path, rename)).map((problem) => problem.path)).toContain(where);
  });

  test.each([
    ['null', null],
    ["''", ''],
    ['{}', {}],
    ['[]', []],
  ])('emptied: %s', (_, empty) => {
    const present = path.split('.').reduce<unknown>((tree, part) => (tree as Record<string, unknown>)[part], good);
    const countsAsMissing = empty === null || (empty === '' ? typeof present === 'string' : !Array.isArray(empty));
    // an empty block, as no other, switches the gateway off without a word
    const isWrong = !countsAsMissing || path.endsWith('_gateway') || severityWithout(path) === 'error';
    expect(errorsOf(masterText({ [path]: empty })).length > 0).toBe(isWrong);
  });

  test.each(values.filter(([, value]) => !mayBeRight(path, value)))('of a wrong type: %s', (_, wrong) => {
    expect(
      validateMasterConfig(masterText({ [path]: wrong }))
        .map((problem) => problem.path)
        .some((found) => found.startsWith(shown(path))),
    ).toBe(true);
  });
});
