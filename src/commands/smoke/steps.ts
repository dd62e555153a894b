import { type Proven, prove } from '../../proof/prove.ts';
import { proveThroughMaster, type RealMasterSpec } from '../../proof/real-master/real-master.ts';
import type { CommandContext } from '../../providers/context.ts';
import type { Step } from '../../task-list/step.ts';
import { stageTimeoutMs } from '../context.ts';
import { openInstance } from '../open-instance.ts';
import { localMaster, sampleSpec } from '../up/prove-path.ts';

export type SmokeContext = CommandContext & {
  /** A real master that is to run a command in place of the sample task. */
  throughMaster?: Pick<RealMasterSpec, 'url' | 'username' | 'password' | 'image' | 'resourcePool'>;
  proof?: Proven;
};

const proveOnce: Step<SmokeContext> = {
  title: 'Expose a sample task as the master does, reach it both ways, remove it',
  run: async (context, { signal }) => {
    const { kube, gateway, master } = await openInstance(context);
    context.proof = await prove(kube, {
      ...sampleSpec({ config: context.config, master }),
      ...localMaster({ config: context.config, master }),
      gateway,
      ports: 'lowest',
      timeoutMs: stageTimeoutMs(context),
      signal,
    });
  },
};

const proveByMaster: Step<SmokeContext> = {
  title: 'Have the master run a command, reach it through its proxy, kill it',
  run: async (context, { signal }) => {
    const { throughMaster, config } = context;
    if (!throughMaster) throw new Error('no master was named');
    const { kube, gateway } = await openInstance(context);
    const { taskNamespace: namespace } = config.master;
    const spec = { ...throughMaster, gateway, namespace, timeoutMs: stageTimeoutMs(context), signal };
    context.proof = await proveThroughMaster(spec, { kube });
  },
};

/** The proof on its own, through the lowest free ports, as often as wanted. */
export const smokeSteps: readonly Step<SmokeContext>[] = [proveOnce];

/** The proof by a real master. */
export const smokeThroughMasterSteps: readonly Step<SmokeContext>[] = [proveByMaster];
