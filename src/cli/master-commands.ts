import type { Command } from 'commander';
import { add, type Shared } from './shared.ts';

/** `master ...`: a Determined master and its database beside an instance. Tested in test/golden/command-line.test.ts. */
export const addMasterCommands = (program: Command, { input }: Shared): void => {
  const master = program.command('master').description('run a Determined master and its database beside an instance');
  add(master, 'up', 'start them, over this instance and others (--master-also), and keep them running').action(
    async (_, command: Command) => (await import('../commands/master/master.ts')).masterUp(input(command)),
  );
  add(master, 'down', 'stop them; the cluster runs on')
    .option('--remove-data', 'also remove the database and all that the master knows', false)
    .action(async (options, command: Command) =>
      (await import('../commands/master/master.ts')).masterDown(input(command), options),
    );
  add(master, 'status', 'where the master answers, and how its processes are').action(async (_, command: Command) =>
    (await import('../commands/master/master.ts')).masterStatus(input(command)),
  );
  add(master, 'logs', "print the master's log").action(async (_, command: Command) =>
    (await import('../commands/master/master.ts')).masterLogs(input(command)),
  );
};
