import { findKept } from '../../daemon/wanted.ts';
import { probeReach, type Reach } from '../../forward/reach.ts';
import type { ForwardSpec } from '../../instance/tunnels.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { Step } from '../../task-list/step.ts';
import { need, type UpContext } from '../context.ts';
import { skipIfHealthy } from './check-health.ts';
import { awaitGateway } from './install-gateway.ts';
import { openWayBack, settleTunnels } from './open-reverse-path.ts';

const patienceMs = 3_000;
/** Where a node answers if anything does: API server, kubelet, sshd. */
const nodePorts = [6443, 8443, 10250, 22];

const findReach = async (
  { reach }: UpContext['config']['gateway'],
  { address, seedPort }: { readonly address: string; readonly seedPort: number },
): Promise<Reach> => {
  if (reach !== 'auto') return { via: reach, because: `gateway.reach is ${reach}` };
  return probeReach(address, [seedPort, ...nodePorts], patienceMs);
};

const forwardOf = (context: UpContext, { name, namespace, portRange }: GatewayEndpoint): ForwardSpec => {
  const { kubeconfigPath, kubeContext } = need(context, 'cluster');
  const address = context.config.gateway.forwardAddress;
  return { kubeconfigPath, kubeContext, gateway: { name, namespace }, address, portRange };
};

/** Whether this host routes to the node; where not, forwards on an address of its own follow the listeners. */
export const reachGateway: Step<UpContext> = {
  title: 'Reach the Gateway from this host',
  skip: skipIfHealthy,
  after: [awaitGateway, openWayBack],
  run: async (context, tools) => {
    const gateway = need(context, 'gateway');
    const { seedPort } = context.config.gateway;
    const { via, because } = await findReach(context.config.gateway, { address: gateway.address, seedPort });
    const tunnel = context.wantedTunnel;
    const forward = via === 'forward' ? forwardOf(context, gateway) : undefined;
    const instance = need(context, 'instance');
    const kept = (await findKept(instance))?.forward;
    if (forward || kept) {
      await settleTunnels(context, { ...(tunnel && { tunnel }), ...(forward && { forward }) }, tools);
    }
    context.gateway = forward ? { ...gateway, address: forward.address } : gateway;
    await instance.change({ gateway: context.gateway });
    return `${via === 'node' ? `at ${gateway.address}` : `by forwards on ${forward?.address}`}: ${because}`;
  },
};
