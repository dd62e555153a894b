import { findFullName } from '../../cluster/images/reference.ts';
import type { ImageStore } from '../../cluster/images/store.ts';
import type { Config } from '../../config/config.ts';
import type { Instance } from '../../instance/instance.ts';
import { nameFlag } from '../../instance/name-flag.ts';
import { UserError } from '../../lib/errors.ts';
import type { CommandContext } from '../../providers/context.ts';
import { stageTimeoutMs } from '../context.ts';
import { findStore } from './open-store.ts';

type Settings = { readonly config: Pick<Config, 'name' | 'master' | 'native'> };

/**
 * Whether a native node has no way to the registry of an image: its link to this host admits the master, or all of this host.
 * Of other clusters nothing is known.
 */
const isShutOff = (instance: Instance, { config }: Settings, name: string): boolean => {
  const { provider, cluster } = instance.record();
  const { egress } = config.native;
  const isOnHost = egress === 'host' && name.startsWith(`${cluster?.hostAddress}:`);
  return provider === 'native' && egress !== 'all' && !isOnHost;
};

const hasImage = async (store: ImageStore, name: string, context: CommandContext): Promise<boolean> => {
  const images = await store.list({ signal: context.signal, timeoutMs: stageTimeoutMs(context) });
  return images.some((image) => image.name === name);
};

/**
 * A note where tasks that name no image cannot start: the node neither has the image of `master.taskImage` nor a way to its
 * registry. Tested in test/commands/images/task-image.test.ts.
 */
export const taskImageNotes = async (
  context: CommandContext,
  instance: Instance | undefined,
  findOf = findStore,
): Promise<readonly string[]> => {
  const { taskImage } = context.config.master;
  const name = findFullName(taskImage);
  if (!instance || name === undefined || !isShutOff(instance, context, name)) return [];
  const store = findOf(context, instance);
  if (!store) return [];
  try {
    if (await hasImage(store, name, context)) return [];
  } catch (error) {
    // a note that cannot be made is no matter of `up`
    if (error instanceof UserError) return [];
    throw error;
  }
  const named = nameFlag(context.config.name);
  return [
    `tasks that name no image need ${taskImage} (master.taskImage), which the node does not have and cannot pull: taskgate images load ${taskImage}${named}, or an archive of it`,
  ];
};
