import { expect, test } from 'vitest';
import { goldenLines } from '../support/golden/files.ts';
import { buildProgram, flagOf, readBy, settings } from '../support/golden/source.ts';

type Program = ReturnType<typeof buildProgram>['program'];
type Command = Program['commands'][number];
type Option = Command['options'][number];

// a switch has one more, which turns it off
const settingFlags = new Set(
  settings.map(({ path }) => flagOf(path)).flatMap((flag) => [flag, flag.replace('--', '--no-')]),
);
const isSetting = ({ long }: Option): boolean => settingFlags.has(long ?? '');

const describeOption = ({ flags, argChoices, mandatory, defaultValue }: Option): string => {
  const choices = argChoices ? ` ${argChoices.join('|')}` : '';
  const byDefault = typeof defaultValue === 'string' ? ` default ${defaultValue}` : '';
  return `  ${flags}${choices}${byDefault}${mandatory ? ' required' : ''}`;
};

const describeArgument = (argument: Command['registeredArguments'][number]): string => {
  const inside = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? ` <${inside}>` : ` [${inside}]`;
};

/** The settings whose flags a command takes; it refuses those of others. */
const describeSettings = (command: Command): readonly string[] => {
  if (!command.options.some(isSetting)) return [];
  const read = readBy(command);
  if (read.length === settings.length) return ['  (settings)'];
  return [`  (settings: ${read.join(', ') || 'none'})`];
};

/** A command with its flags, then those below it. */
const describeCommand = (command: Command, parents: string): readonly string[] => {
  const name = `${parents}${command.name()}`;
  const own = command.options.filter((option) => !isSetting(option));
  const aliases = command.aliases().map((alias) => ` or ${alias}`);
  return [
    `${name}${command.registeredArguments.map(describeArgument).join('')}${aliases.join('')}`,
    ...own.map(describeOption),
    ...describeSettings(command),
    ...command.commands.flatMap((one) => describeCommand(one, `${name} `)),
  ];
};

test('commands, arguments and flags are those of command-line.txt', () => {
  const { program } = buildProgram({ args: [], signal: new AbortController().signal, isJson: false });
  expect(
    describeCommand(program, ''),
    'a new command or flag: add it to test/golden/command-line.txt; one that was given out stays',
  ).toEqual(goldenLines('command-line.txt'));
});
