import { type Command, Option } from 'commander';
import type { GlobalFlags } from '../commands/command.ts';
import { settingsRead } from '../commands/settings/reads.ts';
import { flagOf, type Setting, settings, settingsOfRun, variableOf } from '../config/settings.ts';
import { UserError } from '../lib/errors.ts';

const essential = new Set(['name', 'provider']);

/** `--gateway-port-range-start` as commander names its value: `gatewayPortRangeStart`. */
const attributeOf = (path: string): string => new Option(flagOf(path)).attributeName();

/** A switch may be given alone. */
const usageOf = ({ path, type }: Setting): string =>
  `${flagOf(path)} ${type === 'switch' ? '[true|false]' : '<value>'}`;

/** `tunnel up`: the command's name with those above it, but for the program. */
const wholeNameOf = (command: Command): string => {
  const { parent } = command;
  return parent?.parent ? `${wholeNameOf(parent)} ${command.name()}` : command.name();
};

/** The settings that a command reads. */
export const readBy = (command: Command): readonly string[] => settingsRead[wholeNameOf(command)] ?? [];

const footerOf = (read: readonly string[]): string => {
  if (read.length === settings.length) return '\nEvery setting has a flag too; `taskgate help settings` lists them.';
  const hidden = read.filter((path) => !essential.has(path)).map(flagOf);
  const groups =
    hidden.length > 10 ? [...new Set(hidden.map((flag) => flag.replace(/(--[a-z]+-).*/, '$1...')))] : hidden;
  return groups.length > 0
    ? `\nSettings with a flag here, listed by \`taskgate help settings\`: ${groups.join(', ')}`
    : '';
};

const describe = ({ description, default: byDefault }: Setting): string =>
  `${description}${byDefault !== undefined ? ` (default: ${byDefault})` : ''}`;

/** Adds the flags that commands take: the settings, --config and --json. One that a command does not read is known to it, to be refused. */
export const withSettings = (command: Command): Command => {
  const read = readBy(command);
  command.option('--json', 'write the result as JSON');
  command.addOption(
    new Option('--config <file>', 'read this file instead of taskgate.yaml').hideHelp(read.length === 0),
  );
  for (const setting of settings) {
    const isShown = read.includes(setting.path) && essential.has(setting.path);
    command.addOption(new Option(usageOf(setting), describe(setting)).preset('true').hideHelp(!isShown));
    const off = new Option(flagOf(setting.path).replace('--', '--no-'), `${setting.path}: false`);
    if (setting.type === 'switch') command.addOption(off.hideHelp());
  }
  return command.addHelpText('after', footerOf(read));
};

const refuseUnread = (command: Command, path: string): never => {
  const name = wholeNameOf(command);
  const isKept = readBy(command).includes('name') && !settingsOfRun.includes(path);
  throw new UserError(`${flagOf(path)} means nothing for \`${name}\`, which does not read ${path}`, {
    id: 'usage.unread-setting',
    hint: isKept
      ? `leave it out: \`${name}\` takes the instance as it is; \`taskgate up ${flagOf(path)} ...\` changes it`
      : 'leave it out',
  });
};

/** The flags that were given, by configuration path. Throws UserError `usage.unread-setting` for one of no effect. */
export const readFlags = (command: Command): GlobalFlags => {
  const given: Readonly<Record<string, unknown>> = command.opts();
  const read = readBy(command);
  const values = settings.flatMap(({ path }) => {
    const value = given[attributeOf(path)];
    if (value === undefined) return [];
    if (!read.includes(path)) return refuseUnread(command, path);
    return [[path, String(value)] as const];
  });
  const { config: file, reset } = given;
  return {
    json: given['json'] === true,
    settings: Object.fromEntries(values),
    ...(typeof file === 'string' && { configFile: file }),
    ...(typeof reset === 'string' && { reset }),
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
