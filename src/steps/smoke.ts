import { type Proven, prove } from '../proof/prove.ts';
import { type CommandContext, stageTimeoutMs } from './context.ts';
import { openInstance } from './open-instance.ts';
import { sampleSpec } from './prove-path.ts';
import type { Step } from './step.ts';

export type SmokeContext = CommandContext & { proof?: Proven };

const proveOnce: Step<SmokeContext> = {
  title: 'Expose a sample task as the master does, reach it both ways, remove it',
  run: async (context, { signal }) => {
    const { kube, gateway, master } = await openInstance(context);
    const spec = sampleSpec({ config: context.config, master });
    context.proof = await prove(kube, {
      ...spec,
      gateway,
      ports: 'lowest',
      timeoutMs: stageTimeoutMs(context),
      signal,
    });
  },
};

/** The proof on its own, through the lowest free ports, as often as wanted. */
export const smokeSteps: readonly Step<SmokeContext>[] = [proveOnce];
