import { expect, test } from 'vitest';
import { configJsonSchema, configSchema } from '../../src/config/config.ts';
import { flagOf, settings, variableOf } from '../../src/config/settings.ts';
import { defaultsSource } from '../../src/config/sources.ts';
import { nearest, setIn } from '../../src/config/tree.ts';

type Shape = { readonly properties?: Readonly<Record<string, Shape>> };

const pathsOf = ({ properties }: Shape, prefix = ''): readonly string[] =>
  properties
    ? Object.entries(properties).flatMap(([key, value]) => pathsOf(value, prefix ? `${prefix}.${key}` : key))
    : [prefix];

test('the table and the schema know the same settings', () => {
  expect(pathsOf(configJsonSchema() as Shape).toSorted()).toEqual(settings.map(({ path }) => path).toSorted());
});

test('the defaults satisfy the schema', () => expect(configSchema.safeParse(defaultsSource().tree).success).toBe(true));

test.each(['upSeconds', 'stageSeconds'])('timeouts.%s is at most a day: a longer timer would end at once', (key) => {
  const withSeconds = (seconds: number) => {
    const { tree } = defaultsSource();
    return configSchema.safeParse(setIn(tree, ['timeouts', key], seconds)).success;
  };
  expect([withSeconds(86_400), withSeconds(86_401)]).toEqual([true, false]);
});

test('in the JSON schema no key is required and none other allowed', () => {
  const text = JSON.stringify(configJsonSchema());
  expect(text).not.toContain('"required"');
  expect(text).not.toContain('"readOnly"');
  expect(text).toContain('"additionalProperties":false');
});

test.each([
  ['name', '--name', 'TASKGATE_NAME'],
  ['gateway.portRange.start', '--gateway-port-range-start', 'TASKGATE_GATEWAY_PORT_RANGE_START'],
])('%s is given by %s or %s', (path, flag, variable) => {
  expect(flagOf(path)).toBe(flag);
  expect(variableOf(path)).toBe(variable);
});

test.each([
  ['portrange', 'portRange'],
  ['nmae', 'name'],
  ['frobnicate', undefined],
])('%s is meant as %s', (word, expected) => expect(nearest(word, ['name', 'provider', 'portRange'])).toBe(expected));
