import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { describeSettings, readFlags, withSettings } from '../../src/cli/flags.ts';
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
