import type { Command } from 'commander';
import type { CommandInput } from '../commands/command.ts';
import { withSettings } from './flags.ts';

/** What the commands share: how to read their flags, and where to leave an exit code other than 0. */
export type Shared = { readonly input: (command: Command) => CommandInput; readonly exit: { code: number } };

/** Adds a command that takes the settings' flags. Tested in test/golden/command-line.test.ts. */
export const add = (parent: Command, usage: string, description: string): Command =>
  withSettings(parent.command(usage).description(description));

/** Adds the flag by which a command that keeps settings lets them go. */
export const withReset = (command: Command): Command =>
  command.option(
    '--reset <settings>',
    'what the instance is not to keep: settings or sections with commas between, or all',
  );
