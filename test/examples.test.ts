import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { buildProgram } from '../src/cli/program.ts';
import { runsOf } from './support/docs/examples.ts';

const scripts: Readonly<Record<string, string>> = packageJson.scripts;

/** The words that taskgate gets from a shell line, or undefined for a line that does not call it. */
const taskgateWords = (line: string): readonly string[] | undefined => {
  const [program, verb, script = '', ...more] =
    line
      .split(/\s*(?:>>|\|\|)/)[0]
      ?.trim()
      .split(/\s+/) ?? [];
  if (program === 'npx' && verb === 'taskgate') return [script, ...more];
  if (program !== 'npm' || verb !== 'run') return undefined;
  const [, words = ''] = scripts[script]?.split('scripts/taskgate.js ') ?? [];
  return [words, ...more.filter((word) => word !== '--')];
};

const { program } = buildProgram({ args: [], signal: new AbortController().signal, isJson: false });
const findCommand = (name: string | undefined): Command | undefined =>
  program.commands.find((command) => command.name() === name);
const flagsOf = (command: Command | undefined): readonly string[] =>
  command?.options.flatMap(({ long }) => (long ? [long] : [])) ?? [];

describe.each(['github-actions.yml', 'circleci.yml'])('examples/%s', (file) => {
  const runs = runsOf(file);
  const lines = runs.flatMap(({ command, when }) => command.split('\n').map((line) => ({ line: line.trim(), when })));
  const calls = lines.flatMap(({ line, when }) => {
    const words = taskgateWords(line);
    return words ? [{ line, when, name: words[0], flags: words.filter((word) => word.startsWith('--')) }] : [];
  });

  test('names only scripts that exist', () => {
    const named = lines.flatMap(({ line }) => /^npm run (\S+)/.exec(line)?.[1] ?? []);
    expect(named).toEqual(expect.arrayContaining(['dev-cluster', 'dev-cluster:down']));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('names only commands and flags that exist', () => {
    const unknown = calls.flatMap(({ line, name, flags }) => {
      const command = findCommand(name);
      const missing = flags.filter((flag) => !flagsOf(command).includes(flag));
      return command && missing.length === 0 ? [] : [`${line}: ${missing.join(' ')}`];
    });
    expect(unknown).toEqual([]);
  });

  test('brings the cluster up once, with deadline, variables and report, and takes it down in any case', () => {
    const ups = calls.filter(({ name }) => name === 'up');
    expect(ups.map(({ flags }) => flags)).toEqual([['--ci', '--timeout', '--env-file', '--junit']]);
    const last = calls.at(-1);
    expect(last?.name).toBe('down');
    expect(last?.when).toContain('always');
  });
});
