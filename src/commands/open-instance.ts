import { openAccess } from '../instance/access.ts';
import { findInstance, type Instance } from '../instance/instance.ts';
import { UserError } from '../lib/errors.ts';
import type { Kube } from '../lib/kube/client.ts';
import type { GatewayEndpoint } from '../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';
import type { CommandContext } from '../providers/context.ts';

/** An instance that `up` has finished at least once. */
export type ReadyInstance = {
  readonly instance: Instance;
  readonly kube: Kube;
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
};

const noInstance = (name: string, state: string): UserError =>
  new UserError(`instance ${name} ${state}`, {
    id: 'environment.no-instance',
    hint: `run: taskgate up --name ${name}`,
  });

/** Throws UserError `environment.no-instance` where there is none, not even one that `up` has only begun. */
export const getInstance = async ({ config, folders }: CommandContext): Promise<Instance> => {
  const instance = await findInstance(folders.stateDir, config.name);
  if (!instance) throw noInstance(config.name, 'does not exist');
  return instance;
};

/** Throws UserError `environment.no-instance` where `up` never finished. Tested in test/process/no-instance.test.ts. */
export const openInstance = async (context: CommandContext): Promise<ReadyInstance> => {
  const instance = await getInstance(context);
  const { cluster, gateway, master, attach } = instance.record();
  if (!cluster || !gateway || !master) throw noInstance(context.config.name, 'was never brought up to its end');
  const kube = await openAccess({ ...cluster, attach }, context.env);
  return { instance, kube, gateway, master };
};
