import { type Command, Option } from 'commander';
import type { GlobalFlags } from '../commands/command.ts';
import { flagOf, type Setting, settings, variableOf } from '../config/settings.ts';

const essential = new Set(['name', 'provider']);

/** `--gateway-port-range-start` as commander names its value: `gatewayPortRangeStart`. */
const attributeOf = (path: string): string => new Option(flagOf(path)).attributeName();

/** A switch may be given alone. */
const usageOf = ({ path, type }: Setting): string =>
  `${flagOf(path)} ${type === 'switch' ? '[true|false]' : '<value>'}`;

/** Adds the flags that every command takes: the settings, --config and --json. */
export const withSettings = (command: Command): Command => {
  command
    .option('--json', 'write the result as JSON')
    .option('--config <file>', 'read this file instead of taskgate.yaml');
  for (const setting of settings) {
    const byDefault = setting.default !== undefined ? ` (default: ${setting.default})` : '';
    const option = new Option(usageOf(setting), `${setting.description}${byDefault}`).preset('true');
    command.addOption(option.hideHelp(!essential.has(setting.path)));
  }
  return command.addHelpText('after', '\nEvery setting has a flag too; `taskgate help settings` lists them.');
};

/** The flags that were given, by configuration path. */
export const readFlags = (command: Command): GlobalFlags => {
  const given: Readonly<Record<string, unknown>> = command.opts();
  const values = settings.flatMap(({ path }) => {
    const value = given[attributeOf(path)];
    return typeof value === 'string' ? [[path, value] as const] : [];
  });
  const file = given['config'];
  return {
    json: given['json'] === true,
    settings: Object.fromEntries(values),
    ...(typeof file === 'string' && { configFile: file }),
  };
};

/** The table of all settings: place in taskgate.yaml, flag, environment variable, default and meaning. */
export const describeSettings = (): string =>
  settings
    .map((setting) => {
      const byDefault = setting.default !== undefined ? `, default ${setting.default}` : '';
      return `${setting.path}${byDefault}\n    ${setting.description}\n    ${flagOf(setting.path)}, ${variableOf(setting.path)}`;
    })
    .join('\n');
