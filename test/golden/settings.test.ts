import { expect, test } from 'vitest';
import { goldenLines } from '../support/golden/files.ts';
import {
  buildProgram,
  configJsonSchema,
  flagOf,
  loadConfig,
  type Setting,
  settings,
  variableOf,
} from '../support/golden/source.ts';

type Schema = { readonly properties?: Readonly<Record<string, Schema>>; readonly description?: string };

/** What the JSON schema of taskgate.yaml says of a setting. */
const schemaOf = (path: string): string => {
  const root = configJsonSchema() as Schema;
  const found = path.split('.').reduce<Schema | undefined>((schema, key) => schema?.properties?.[key], root);
  const { description: _, ...rest } = found ?? {};
  return JSON.stringify(rest);
};

const { program } = buildProgram({ args: [], signal: new AbortController().signal, isJson: false });
const options = program.commands.find((command) => command.name() === 'up')?.options ?? [];

const describeSetting = (setting: Setting): readonly string[] => [
  `${setting.path} = ${JSON.stringify(setting.default)}`,
  `  ${options.find(({ long }) => long === flagOf(setting.path))?.flags}`,
  `  ${variableOf(setting.path)}`,
  `  ${schemaOf(setting.path)}`,
];

test('settings, with default, flag, variable and what they may be, are those of settings.txt', () => {
  expect(
    settings.flatMap(describeSetting),
    'a new setting: add it to test/golden/settings.txt; one that was given out stays as it is',
  ).toEqual(goldenLines('settings.txt'));
});

test('the defaults are what is in force without any setting', async () => {
  const { config } = await loadConfig({ cwd: '/nowhere', env: {}, flags: {}, check: () => [] });
  for (const { path, default: byDefault } of settings as readonly Setting[])
    expect(
      path.split('.').reduce<unknown>((tree, key) => (tree as Readonly<Record<string, unknown>>)[key], config),
      path,
    ).toEqual(byDefault);
});
