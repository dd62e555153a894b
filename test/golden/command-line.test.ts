import { expect, test } from 'vitest';
import { goldenLines } from '../support/golden/files.ts';
import { buildProgram, flagOf, settings } from '../support/golden/source.ts';

type Program = ReturnType<typeof buildProgram>['program'];
type Command = Program['commands'][number];
type Option = Command['options'][number];

const settingFlags = new Set(settings.map(({ path }) => flagOf(path)));
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

/** A command with its flags, then those below it. Commands take all flags of settings, or none. */
const describeCommand = (command: Command, parents: string): readonly string[] => {
  const name = `${parents}${command.name()}`;
  const given = command.options.filter(isSetting);
  const own = command.options.filter((option) => !isSetting(option));
  const aliases = command.aliases().map((alias) => ` or ${alias}`);
  return [
    `${name}${command.registeredArguments.map(describeArgument).join('')}${aliases.join('')}`,
    ...own.map(describeOption),
    ...(given.length === settings.length ? ['  (settings)'] : given.map(describeOption)),
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
