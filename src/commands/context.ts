import type { Config } from '../config/config.ts';
import { imageRef } from '../config/versions.ts';
import type { GatewaySpec } from '../gateway/spec.ts';
import type { CommandContext } from '../providers/context.ts';

export const stageTimeoutMs = ({ config }: CommandContext): number => config.timeouts.stageSeconds * 1_000;

/** Tested in test/commands/up/check-machine.test.ts. */
export const gatewaySpecOf = ({ name, gateway }: Config): GatewaySpec => ({ instance: name, ...gateway });

/** Image of the sample task. */
export const sampleImage = imageRef('agnhost');
