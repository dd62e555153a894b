// Tested in test/e2e/master-watch.test.ts
import { messageOf, UserError } from '../../lib/errors.ts';
import type { Runner } from '../../lib/process/runner.ts';
import { blockNetwork } from './block.ts';
import { linkCommands, linkName } from './link.ts';
import type { NativeTarget } from './spec.ts';

/** Connects the node's network to the host. Throws UserError `environment.subnet-taken` if a route is in the way by now. */
export const connectNetwork = async (
  { instanceDir, network }: NativeTarget,
  pid: number,
  runner: Runner,
): Promise<void> => {
  await blockNetwork(instanceDir, network.cidr, runner);
  for (const command of linkCommands(linkName(instanceDir), pid, network)) {
    await runner(command).catch((cause) => {
      throw new UserError(`cannot connect the node's network to this host: ${messageOf(cause)}`, {
        id: 'environment.subnet-taken',
        hint: `${network.cidr} may be in use: take the instance down and choose another /16 with --network-cidr`,
        cause,
      });
    });
  }
};
