import type { Command } from 'commander';
import { readFlags } from '../../../src/cli/flags.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { readConfig } from '../../../src/commands/command.ts';

const { signal } = new AbortController();
const { program } = buildProgram({ args: [], signal, isJson: true });

const leavesOf = (command: Command): readonly Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);

const called: Command[] = [];
for (const leaf of leavesOf(program)) {
  leaf.action(() => {
    called.push(leaf);
  });
}

/**
 * Parses a command line as taskgate does, and reads its settings, without running it. Throws what taskgate would say of an
 * unknown command or flag, or a setting that is not read or not valid.
 */
export const parseAsTaskgate = async (args: readonly string[], cwd: string): Promise<void> => {
  called.length = 0;
  program.parse(args, { from: 'user' });
  const [command] = called;
  if (command === undefined) throw new Error(`no command: ${args.join(' ')}`);
  const invocation = { args, env: { HOME: cwd }, cwd, signal, isTerminal: false };
  await readConfig({ invocation, flags: readFlags(command) }, { isKept: false });
};
