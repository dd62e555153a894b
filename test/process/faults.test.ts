import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { figure } from '../support/figure.ts';

type Line = {
  readonly args: readonly string[];
  readonly code: number | 'hangs';
  readonly fault?: { readonly channel: string; readonly nth: number; readonly how: string; readonly call: string };
  readonly said?: string;
};

const program = join(import.meta.dirname, '../support/faults/run.ts');

/** Runs commands against a cluster in memory, over and over, each time with one external call that fails. */
const runAll = async (): Promise<readonly Line[]> => {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      FAULTS_CALLS: '8',
      FAULTS_CACHE: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    },
  });
  const lines: Line[] = [];
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('{"args"')) lines.push(JSON.parse(line) as Line);
  }
  return lines;
};

const describeLine = ({ args, fault, said = '' }: Line): string =>
  `${args.join(' ')}: ${fault ? `${fault.call} fails by ${fault.how}` : 'nothing fails'}\n${said}`;

test('no file, program or request that fails makes a command report a bug, or hang', { timeout: 600_000 }, async () => {
  const lines = await runAll();
  const failed = lines.filter(({ fault }) => fault !== undefined);
  const commands = new Set(lines.map(({ args }) => args.join(' ')));
  expect(commands.size).toBeGreaterThan(12);
  expect(new Set(failed.map(({ fault }) => fault?.channel))).toEqual(new Set(['fs', 'spawn', 'http']));
  process.stdout.write(`figure: calls that were made to fail: ${failed.length}\n`);
  const bad = lines.filter(({ code }) => code === 70 || code === 'hangs');
  for (const line of bad.slice(0, 10)) process.stderr.write(`${describeLine(line)}\n`);
  figure('commands with a failed call that ended in exit 70, or not at all', bad.length);
});
