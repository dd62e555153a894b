import type { Command } from 'commander';
import { add, type Shared, withReset } from './shared.ts';

/**
 * `tunnel ...`: the reverse path to the master on its own, with or without a cluster that taskgate made.
 * Tested in test/golden/command-line.test.ts.
 */
export const addTunnel = (program: Command, { input }: Shared): void => {
  const tunnel = program
    .command('tunnel')
    .description('open, watch, extend and close the tunnel by which tasks reach the master');
  const tunnelUp = add(tunnel, 'up', 'open the tunnel of the settings and prove it by a nonce; needs no cluster');
  withReset(tunnelUp).action(async (_, command: Command) =>
    (await import('../commands/tunnel/tunnel.ts')).tunnelUp(input(command)),
  );
  add(tunnel, 'down', 'close it').action(async (_, command: Command) =>
    (await import('../commands/tunnel/tunnel.ts')).tunnelDown(input(command)),
  );
  add(tunnel, 'status', 'how tunnel and forwards are, and what is exposed to whom until when')
    .option('--watch', 'print each change until interrupted', false)
    .action(async (options, command: Command) =>
      (await import('../commands/tunnel/status.ts')).tunnelStatus(input(command), options),
    );
  add(tunnel, 'extend', 'have a public tunnel close later, or open again one whose time was over')
    .requiredOption('--hours <hours>', 'from now on')
    .action(async (options, command: Command) =>
      (await import('../commands/tunnel/tunnel.ts')).tunnelExtend(input(command), options),
    );
};
