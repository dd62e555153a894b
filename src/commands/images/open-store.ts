import { listNodes } from '../../cluster/attach/attach.ts';
import { imageCommand, type Loadable } from '../../cluster/attach/image-commands.ts';
import type { ImageStore } from '../../cluster/images/store.ts';
import { openAccess } from '../../instance/access.ts';
import type { Instance } from '../../instance/instance.ts';
import { UserError } from '../../lib/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { CommandContext } from '../../providers/context.ts';
import { providerOf } from '../../providers/providers.ts';

/** The images of an instance's node; undefined in a cluster that taskgate did not make. */
export const findStore = (context: CommandContext, instance: Instance): ImageStore | undefined =>
  instance.record().provider === 'attach' ? undefined : providerOf(context, { instance }).images;

/** Throws UserError `environment.no-instance` where `up` has made no cluster, or there is only a tunnel. */
export const getCluster = (instance: Instance): Cluster => {
  const { cluster, name } = instance.record();
  if (cluster) return cluster;
  throw new UserError(`instance ${name} has no cluster`, {
    id: 'environment.no-instance',
    hint: `run: taskgate up --name ${name}`,
  });
};

/** What an attached cluster's own tool is to be told, which taskgate does not do in its place. */
const notOurs = async (context: CommandContext, instance: Instance, what: readonly Loadable[]): Promise<UserError> => {
  const { attach, name } = instance.record();
  const nodes = await listNodes(await openAccess({ ...getCluster(instance), attach }, context.env));
  return new UserError(
    `instance ${name} is attached to a cluster that taskgate did not make${attach ? ` (context ${attach.context})` : ''}: it loads no images there`,
    { id: 'cluster.images-not-ours', hint: `run: ${what.map((one) => imageCommand(nodes, one)).join('; ')}` },
  );
};

/** Throws UserError `cluster.images-not-ours` with the commands for it. Tested in test/commands/images/load.test.ts. */
export const getStore = async (
  context: CommandContext,
  instance: Instance,
  what: readonly Loadable[],
): Promise<ImageStore> => {
  const store = findStore(context, instance);
  if (!store) throw await notOurs(context, instance, what);
  return store;
};
