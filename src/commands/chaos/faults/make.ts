// Tested in test/e2e/chaos.test.ts
import { linkName } from '../../../cluster/native/link.ts';
import { provisionerPods } from '../../../gateway/spec.ts';
import { readAccess } from '../../../instance/access.ts';
import type { Kube } from '../../../lib/kube/client.ts';
import type { Pod } from '../../../lib/kube/shapes.ts';
import { contourPods, envoyPods } from '../../../model/contour-names.ts';
import type { GatewayName } from '../../../model/gateway-endpoint.ts';
import type { CommandContext } from '../../../providers/context.ts';
import { getInstance } from '../../open-instance.ts';
import type { Breakage } from '../scenarios.ts';
import { refuseRequests } from './api.ts';
import { fillDisk } from './disk.ts';
import type { Fault } from './fault.ts';
import { losePackets, takeLinkDown } from './link.ts';
import { findChild, findInPods, nodePids } from './node-process.ts';
import { deletePods } from './pods.ts';
import { type FindPid, freezeProcess, killProcess } from './processes.ts';
import { findDaemon, findSsh, killDaemon, killSupervisor, type UpAgain } from './up-again.ts';

export type FaultInput = {
  readonly context: CommandContext;
  readonly kube: Kube;
  readonly gateway: GatewayName;
  readonly again: UpAgain;
};

const stop = (signal: 'SIGKILL' | 'SIGSTOP', what: string, find: FindPid): Fault =>
  signal === 'SIGKILL' ? killProcess(what, find) : freezeProcess(what, find);

/** Prepares the fault of a scenario; nothing is broken yet. */
export const makeFault = async (breakage: Breakage, input: FaultInput): Promise<Fault> => {
  const { context, kube, gateway, again } = input;
  const read = () => getInstance(context);
  switch (breakage.kind) {
    case 'child':
      return stop(breakage.signal, breakage.child, findChild(read, breakage.child));
    case 'envoy': {
      const podsOf = () => kube.list<Pod>(envoyPods(gateway));
      const pidsOf = () => nodePids(read);
      return stop(breakage.signal, 'Envoy', findInPods({ pidsOf, podsOf, program: 'envoy' }));
    }
    case 'pods': {
      const selections = { envoy: envoyPods(gateway), contour: contourPods(gateway), provisioner: provisionerPods };
      return deletePods(breakage.of, kube, selections[breakage.of]);
    }
    case 'supervisor':
      return killSupervisor(read, again);
    case 'tunnel-daemon': {
      if (breakage.signal === 'SIGKILL') return killDaemon(read, again);
      return freezeProcess('the tunnel daemon', findDaemon(read));
    }
    case 'ssh':
      return stop(breakage.signal, 'ssh', findSsh(read));
    case 'link': {
      const link = linkName((await read()).dir);
      return breakage.how === 'down' ? takeLinkDown(link, context.runner) : losePackets(link, context.runner);
    }
    case 'api': {
      const { cluster, attach } = (await read()).record();
      if (!cluster) throw new Error('an instance without a cluster has no API server');
      return refuseRequests(await readAccess({ ...cluster, attach }, context.env), breakage.status);
    }
    case 'disk':
      return fillDisk(read, context);
  }
};
