import type { Instance } from '../../instance/instance.ts';
import { UserError } from '../../lib/errors.ts';
import type { CommandContext } from '../../providers/context.ts';
import { providerOf } from '../../providers/providers.ts';
import { runUp } from './cluster.ts';
import { lookAtSupervisor } from './supervisor.ts';

/**
 * What a command asks first that works on a cluster: without it an address of a cluster that is gone is dialed wherever
 * this machine's routes lead. Throws UserError `cluster.stopped`, or for a native node the first process that is down.
 * Tested in test/commands/status/supervisor.test.ts.
 */
export const verifyRunning = async (context: CommandContext, instance: Instance): Promise<void> => {
  const record = instance.record();
  const state = await providerOf(context, { instance }).find();
  if (state !== 'running') {
    const message = `instance ${record.name} ${state === 'stopped' ? 'is stopped' : 'has no cluster any more'}`;
    throw new UserError(message, { id: 'cluster.stopped', hint: runUp(record) });
  }
  const [down] = (await lookAtSupervisor(context, record)).problems;
  if (down) throw new UserError(`instance ${record.name}: ${down.message}`, down);
};
