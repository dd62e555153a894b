import { findMasterTls } from '../../instance/master-certificate.ts';
import { type Proven, prove } from '../../proof/prove.ts';
import { proveThroughMaster, type RealMasterSpec } from '../../proof/real-master/real-master.ts';
import type { CommandContext } from '../../providers/context.ts';
import { stepsOf } from '../../task-list/step.ts';
import { closedChecksOf, promisedBy } from '../closed-checks.ts';
import { sampleSpec, stageTimeoutMs } from '../context.ts';
import { openInstance } from '../open-instance.ts';
import { tunnelChecksOf } from '../tunnel-closed.ts';

/** The proof on its own, through the lowest free ports, as often as wanted. */
export const proveBySample = stepsOf<CommandContext>()({
  title: 'Expose a sample task as the master does, reach it both ways, remove it',
  run: async (_, context, { signal }): Promise<Proven> => {
    const { instance, kube, gateway, master } = await openInstance(context);
    const tls = await findMasterTls(instance);
    return prove(kube, {
      ...sampleSpec(context.config, { instance, master }),
      withStranger: instance.record().networkPolicy !== undefined,
      ...{ gateway, ports: 'lowest', timeoutMs: stageTimeoutMs(context), signal },
      ...tls,
      closed: [
        ...closedChecksOf({
          record: instance.record(),
          settings: promisedBy(instance.record()),
          ...{ master, hasCertificate: tls !== undefined },
        }),
        ...(await tunnelChecksOf(instance.dir)),
      ],
    });
  },
});

export type ThroughMasterContext = CommandContext & {
  /** A real master that is to run a command instead of the sample task. */
  readonly throughMaster: Pick<RealMasterSpec, 'url' | 'username' | 'password' | 'image' | 'resourcePool'>;
};

/** The proof by a real master. Tested in test/e2e/real-master.test.ts. */
export const proveByMaster = stepsOf<ThroughMasterContext>()({
  title: 'Have the master run a command, reach it through its proxy, kill it',
  run: async (_, context, { signal }): Promise<Proven> => {
    const { kube, gateway } = await openInstance(context);
    const { taskNamespace: namespace } = context.config.master;
    const limits = { timeoutMs: stageTimeoutMs(context), signal };
    return proveThroughMaster({ ...context.throughMaster, gateway, namespace, ...limits }, { kube });
  },
});
