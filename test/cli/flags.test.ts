import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { describeSettings, readFlags, withSettings } from '../../src/cli/flags.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { settingsRead } from '../../src/commands/settings/reads.ts';
import { flagOf, settings, variableOf } from '../../src/config/settings.ts';

const parse = (...args: readonly string[]) => {
  const command = withSettings(new Command('up').exitOverride().configureOutput({ writeErr: () => undefined }));
  return readFlags(command.parse(args, { from: 'user' }));
};

describe('flags', () => {
  test('without any there is nothing to read', () => expect(parse()).toEqual({ json: false, settings: {} }));

  test.each(settings.map(({ path }) => path))('%s has one that is read under its path', (path) => {
    expect(parse(flagOf(path), 'value').settings).toEqual({ [path]: 'value' });
    expect(parse(`${flagOf(path)}=value`).settings).toEqual({ [path]: 'value' });
  });

  test('values stay as they were written: reading them is for the configuration', () => {
    const { settings: given } = parse('--name', '', '--gateway-seed-port', '-1', '--mirror', ' x ');
    expect(given).toEqual({ name: '', 'gateway.seedPort': '-1', mirror: ' x ' });
  });

  test('the last one counts', () => expect(parse('--name', 'a', '--name', 'b').settings).toEqual({ name: 'b' }));

  test('--json and --config are no settings', () => {
    expect(parse('--json', '--config', 'a.yaml')).toEqual({ json: true, configFile: 'a.yaml', settings: {} });
  });

  test.each([['--nmae', 'x'], ['--name'], ['--json=1']])('%s %s is refused', (...args) => {
    expect(() => parse(...args.filter(Boolean))).toThrow(/unknown option|argument missing/);
  });
});

test('help is short: it names the essential settings and where the others are listed', () => {
  const written: string[] = [];
  const writeOut = (text: string) => void written.push(text);
  const command = new Command('up').exitOverride().configureOutput({ writeOut });
  expect(() => withSettings(command).parse(['--help'], { from: 'user' })).toThrow('outputHelp');
  const help = written.join('');
  expect(help).toContain('--name <value>');
  expect(help).toContain('(default: dev)');
  expect(help).not.toContain('--gateway-seed-port');
  expect(help).toContain('`taskgate help settings` lists them');
});

test('the table of settings has path, default, flag and variable of each', () => {
  const text = describeSettings();
  for (const { path, description } of settings) {
    expect(text).toContain(`${description}\n    ${flagOf(path)}, ${variableOf(path)}`);
  }
  expect(text).toContain('gateway.portRange.start, default 20000\n');
});

test('a switch may stand alone', () => {
  expect(parse('--recreate').settings).toEqual({ recreate: 'true' });
  expect(parse('--recreate', '--name', 'a').settings).toEqual({ recreate: 'true', name: 'a' });
});

test('a switch may be turned off, which overrides a file', () => {
  expect(parse('--no-recreate').settings).toEqual({ recreate: 'false' });
  expect(parse('--no-recreate', '--recreate').settings).toEqual({ recreate: 'true' });
});

describe('flags that mean nothing for a command', () => {
  const { program } = buildProgram({ args: [], signal: new AbortController().signal, isJson: false });
  const leavesOf = (one: Command): readonly Command[] =>
    one.commands.length > 0 ? one.commands.flatMap((child) => leavesOf(child as Command)) : [one];
  const commands = leavesOf(program);
  const takesSettings = commands.filter(({ options }) => options.some(({ long }) => long === '--name'));
  const nameOf = (one: Command): string =>
    one.parent && one.parent !== program ? `${nameOf(one.parent)} ${one.name()}` : one.name();

  test('the table has every command that takes settings, and settings that there are', () => {
    expect(Object.keys(settingsRead).toSorted()).toEqual(takesSettings.map(nameOf).toSorted());
    const known = settings.map(({ path }) => path);
    for (const paths of Object.values(settingsRead)) expect(known).toEqual(expect.arrayContaining([...paths]));
  });

  test.each(
    Object.entries(settingsRead),
  )('%s takes the flags of what it reads, and refuses the others', (name, read) => {
    for (const { path } of settings) {
      const command = takesSettings.find((one) => nameOf(one) === name);
      command?.exitOverride().parseOptions([flagOf(path), 'x']);
      const reading = () => readFlags(command as Command);
      if (read.includes(path)) expect(reading().settings).toEqual({ [path]: 'x' });
      else expect(reading).toThrow(expect.objectContaining({ id: 'usage.unread-setting' }));
      command?.setOptionValue(
        command.options.find(({ long }) => long === flagOf(path))?.attributeName() ?? '',
        undefined,
      );
    }
  });

  test('the refusal says what the command does instead', () => {
    const smoke = takesSettings.find((one) => nameOf(one) === 'smoke');
    smoke?.parseOptions(['--master-port', '1']);
    expect(() => readFlags(smoke as Command)).toThrow(
      expect.objectContaining({
        message: '--master-port means nothing for `smoke`, which does not read master.port',
        hint: 'leave it out: `smoke` takes the instance as it is; `taskgate up --master-port ...` changes it',
      }),
    );
  });
});
