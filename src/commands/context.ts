import type { Config } from '../config/config.ts';
import { imageRef } from '../config/versions.ts';
import type { GatewaySpec } from '../gateway/spec.ts';
import { identityOf } from '../instance/identity.ts';
import type { Instance } from '../instance/instance.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';
import type { CommandContext } from '../providers/context.ts';

export const stageTimeoutMs = ({ config }: CommandContext): number => config.timeouts.stageSeconds * 1_000;

/** Tested in test/commands/up/check-machine.test.ts. */
export const gatewaySpecOf = ({ gateway }: Config, { record }: Pick<Instance, 'record'>): GatewaySpec => ({
  ...identityOf(record()),
  ...gateway,
});

/** The settings of network policies, which an existing instance may change. Tested in test/commands/up/policies/write-policies.test.ts. */
export const policySettingsOf = ({ network: { policies, egressAllow, taskToTask } }: Pick<Config, 'network'>) => ({
  ...{ policies, taskToTask },
  ...(egressAllow && { egressAllow }),
});

/** Image of the sample task. */
export const sampleImage = imageRef('agnhost');

/** What the sample task is made from, and its proof but for the Gateway. Tested in test/commands/up/prove-path.test.ts. */
export const sampleSpec = (
  { master: { taskNamespace, port } }: Config,
  { instance: { record }, master }: { readonly instance: Pick<Instance, 'record'>; readonly master: MasterEndpoint },
) => ({
  ...{ ...identityOf(record()), namespace: taskNamespace, image: sampleImage, master },
  // where the master listens on this host, when tasks dial it elsewhere
  ...(master.via !== 'direct' && { local: { host: '127.0.0.1', port } }),
});
