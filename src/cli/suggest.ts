import type { Command, CommanderError } from 'commander';
import { flagOf, settings } from '../config/settings.ts';
import { findNearest } from '../lib/nearest.ts';
import { readBy } from './flags.ts';

/** The command that a command line is for: words that name one, one below the other. */
const findCommand = (program: Command, args: readonly string[]): Command => {
  const below = program.commands.find((one) => one.name() === args.find((arg) => !arg.startsWith('-')));
  return below ? findCommand(below, args.slice(args.indexOf(below.name()) + 1)) : program;
};

/** Commander's own suggestions know no hidden flags, which nearly all settings have. */
const flagsOf = (command: Command): readonly string[] => {
  const unread = settings.map(({ path }) => path).filter((path) => !readBy(command).includes(path));
  const refused = unread.map(flagOf).flatMap((flag) => [flag, flag.replace('--', '--no-')]);
  const known = command.options.flatMap(({ long }) => (long && !refused.includes(long) ? [long] : []));
  return ['--help', ...known];
};

/** As commander has it: more than two fifths of the longer word are the same. */
const nearestOf = (word: string, candidates: readonly string[]): string | undefined => {
  const best = findNearest(word, candidates, (text) => text);
  const longer = Math.max(word.length, best?.candidate.length ?? 0);
  return best && best.edits <= 3 && (longer - best.edits) / longer > 0.4 ? best.candidate : undefined;
};

type Line = { readonly program: Command; readonly args: readonly string[] };

const advise = ({ code, message }: CommanderError, { program, args }: Line): string | undefined => {
  const command = findCommand(program, args);
  const [, word = ''] = /'([^']*)'/.exec(message) ?? [];
  const meant = (candidates: readonly string[]) => {
    const found = nearestOf(word, candidates);
    return found && `Did you mean ${found}?`;
  };
  if (code === 'commander.unknownOption') return word.startsWith('--') ? meant(flagsOf(command)) : undefined;
  if (code === 'commander.unknownCommand') return meant(command.commands.map((one) => one.name()));
  const [extra] = command.args.slice(command.registeredArguments.length);
  if (code !== 'commander.excessArguments' || extra === undefined || !readBy(command).includes('name'))
    return undefined;
  return `An instance is named by --name: --name ${extra}`;
};

/** What is wrong with a command line, with what was probably meant. Tested in test/process/cli.test.ts. */
export const describeWrong = (error: CommanderError, line: Line): string => {
  const advice = advise(error, line);
  return advice === undefined ? error.message : `${error.message}\n(${advice})`;
};
