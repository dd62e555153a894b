import { findMasterTls } from '../../instance/master-certificate.ts';
import { hostAndPort } from '../../lib/host-and-port.ts';
import { getMasterUrl } from '../../model/master-url.ts';
import { findMasterInfo } from '../../proof/probe/master-info.ts';
import { type Proven, prove } from '../../proof/prove.ts';
import { proveThroughMaster, type RealMasterSpec } from '../../proof/real-master/real-master.ts';
import type { CommandContext } from '../../providers/context.ts';
import { stepsOf } from '../../task-list/step.ts';
import { closedChecksOf, promisedBy } from '../closed-checks.ts';
import { sampleSpec, stageTimeoutMs } from '../context.ts';
import { findVersionNote } from '../master-root/version.ts';
import { openInstance } from '../open-instance.ts';
import { findFault } from '../proof-result.ts';
import { verifyRunning } from '../status/verify-running.ts';
import { tunnelChecksOf } from '../tunnel-closed.ts';

/** The proof on its own, through the lowest free ports, as often as wanted. */
export const proveBySample = stepsOf<CommandContext>()({
  title: 'Prove the path with a sample task',
  run: async (_, context, { signal, fault, warn }): Promise<Proven> => {
    const { instance, kube, gateway, master } = await openInstance(context);
    await verifyRunning(context, instance);
    const tls = await findMasterTls(instance);
    const proof = await prove(kube, {
      ...sampleSpec(context.config, { instance, master }),
      withStranger: instance.record().networkPolicy !== undefined,
      ...{ gateway, ports: 'lowest', timeoutMs: stageTimeoutMs(context), signal, warn },
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
    const found = findFault(proof);
    if (found) fault(found);
    return proof;
  },
});

export type ThroughMasterContext = CommandContext & {
  /** A real master that is to run a command instead of the sample task. */
  readonly throughMaster: Pick<
    RealMasterSpec,
    'url' | 'username' | 'password' | 'passwordHint' | 'image' | 'resourcePool'
  >;
};

/** The proof by a real master. Tested in test/e2e/real-master.test.ts. */
export const proveByMaster = stepsOf<ThroughMasterContext>()({
  title: 'Prove the path with a command of the master',
  run: async (_, context, { signal, fault, warn }): Promise<Proven> => {
    const { instance, kube, gateway, master: proven } = await openInstance(context);
    await verifyRunning(context, instance);
    const { host, port } = getMasterUrl(context.throughMaster.url, 'master URL');
    const info = await findMasterInfo({ host, port });
    const note = await findVersionNote(instance, { address: hostAndPort({ host, port }), info });
    if (note !== undefined) warn(note);
    const { taskNamespace: namespace, port: localPort, resourcePool: ownPool } = context.config.master;
    const known = { gateway, namespace, proven, localPort, ownPool };
    const limits = { timeoutMs: stageTimeoutMs(context), signal };
    const proof = await proveThroughMaster({ ...context.throughMaster, ...known, ...limits }, { kube });
    const found = findFault(proof);
    if (found) fault(found);
    return proof;
  },
});
