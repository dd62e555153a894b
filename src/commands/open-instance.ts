import { openAccess } from '../instance/access.ts';
import { findInstance, type Instance, listNames } from '../instance/instance.ts';
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

const notReady = (name: string): UserError =>
  new UserError(`instance ${name} was never brought up to its end`, {
    id: 'environment.no-instance',
    hint: `run: taskgate up --name ${name}`,
  });

/** A name that was mistyped is more likely than one that is to be made. Records need not be readable for that. */
export const noInstance = async ({ config: { name }, folders }: Named): Promise<UserError> => {
  const names = await listNames(folders.stateDir);
  const there = names.length > 0 ? `there are: ${names.join(', ')}` : 'there are none';
  return new UserError(`instance ${name} does not exist; ${there}`, {
    id: 'environment.no-instance',
    hint: names.length > 0 ? `name one of them, or run: taskgate up --name ${name}` : `run: taskgate up --name ${name}`,
  });
};

type Named = Pick<CommandContext, 'config' | 'folders'>;

/** Throws UserError `environment.no-instance` where there is none, not even one that `up` has only begun. */
export const getInstance = async ({ config, folders }: CommandContext): Promise<Instance> => {
  const instance = await findInstance(folders.stateDir, config.name);
  if (!instance) throw await noInstance({ config, folders });
  return instance;
};

/** Throws UserError `environment.no-instance` where `up` never finished. Tested in test/process/no-instance.test.ts. */
export const openInstance = async (context: CommandContext): Promise<ReadyInstance> => {
  const instance = await getInstance(context);
  const { cluster, gateway, master, attach } = instance.record();
  if (!cluster || !gateway || !master) throw notReady(context.config.name);
  const kube = await openAccess({ ...cluster, attach }, context.env);
  return { instance, kube, gateway, master };
};
