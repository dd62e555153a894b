import type { Config } from '../config/config.ts';
import { imageRef } from '../config/versions.ts';
import type { GatewaySpec } from '../gateway/spec.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';
import type { CommandContext } from '../providers/context.ts';

export const stageTimeoutMs = ({ config }: CommandContext): number => config.timeouts.stageSeconds * 1_000;

/** Tested in test/commands/up/check-machine.test.ts. */
export const gatewaySpecOf = ({ name, gateway }: Config): GatewaySpec => ({ instance: name, ...gateway });

/** Image of the sample task. */
export const sampleImage = imageRef('agnhost');

/** What the sample task is made from, and its proof but for the Gateway. Tested in test/commands/up/prove-path.test.ts. */
export const sampleSpec = ({ name, master: { taskNamespace, port } }: Config, master: MasterEndpoint) => ({
  ...{ instance: name, namespace: taskNamespace, image: sampleImage, master },
  // where the master listens on this host, when tasks dial it elsewhere
  ...(master.via !== 'direct' && { local: { host: '127.0.0.1', port } }),
});
