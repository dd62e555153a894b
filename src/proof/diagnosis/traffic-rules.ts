import { hostAndPort } from '../../lib/host-and-port.ts';
import { containerPort } from '../../model/task-listener.ts';
import { allowOutHint } from './host-firewall.ts';
import { findPodTrouble } from './pod-trouble.ts';
import { type BrokenHop, type BrokenPath, broken, type HopRule, refusedBehind } from './rule.ts';

export const unresolved: HopRule = ({ outcome, gateway, seen }) =>
  outcome === 'unresolved'
    ? broken('address', `gateway_ip ${gateway.address} does not resolve: ${seen}`, 'use an address, or a name in DNS')
    : undefined;

/** How the connection ended behind Envoy, dialed from here or past kube-proxy. */
const behindEnvoy = (path: BrokenPath): string | undefined => {
  const { outcome, seen } = path;
  const { envoy } = path.port;
  if (refusedBehind(path)) return undefined;
  if (outcome === 'closed' || outcome === 'silent') return seen;
  return envoy?.outcome === 'closed' || envoy?.outcome === 'silent' ? envoy.seen : undefined;
};

export const noAnswerBehindEnvoy: HopRule = (path) => {
  const seen = behindEnvoy(path);
  if (!seen) return undefined;
  const endpoints = path.port.slices.flatMap((slice) => slice.endpoints ?? []);
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  if (ready.length > 0) {
    const addresses = ready.flatMap((endpoint) => endpoint.addresses).join(', ');
    const cause = `Envoy receives no answer from the pod at ${addresses}: ${seen}`;
    return broken('pod', cause, 'check for a NetworkPolicy between Envoy and the pod');
  }
  const trouble = findPodTrouble(path.view.pods, path.view.events);
  const cause = `Service ${path.exposure.name} has no ready endpoint${trouble ? `: ${trouble.cause}` : ''}`;
  return broken('pod', cause, trouble?.hint ?? 'does the controller manager run? It creates the endpoints');
};

export const wrongAnswer: HopRule = ({ outcome, seen, port: { envoy }, gateway: { address }, exposure }) => {
  if (outcome !== 'wrong') return undefined;
  const cause = `something else answers at ${hostAndPort({ host: address, port: exposure.listenerPort })}: ${seen}`;
  return envoy?.outcome === 'answered'
    ? broken('address', cause, 'find what answers instead of Envoy: a proxy, a port-forward, another machine')
    : broken('pod', cause, 'find what else uses this listener: another TCPRoute, another task');
};

/** Nobody but this host's own firewall is on a link of its own: kube-proxy serves the Service, which has port and address. */
export const rejected: HopRule = ({
  outcome,
  link,
  port: { envoy },
  exposure: { listenerPort },
  gateway: { address },
}) => {
  if (!link || envoy?.outcome !== 'answered' || !['refused', 'unreachable'].includes(outcome)) return undefined;
  const cause = `a firewall on this host rejects connections to ${hostAndPort({ host: address, port: listenerPort })} (${outcome}): Envoy itself answers on its own port ${containerPort(listenerPort)}`;
  return broken('address', cause, `${allowOutHint(link)}; without such a rule, see logs/kube-proxy.log`);
};

/** Docker itself listens on a published port, whatever becomes of the cluster. */
export const unpublished: HopRule = ({ outcome, exposure: { listenerPort }, gateway: { via, address } }) =>
  outcome === 'refused' && via === 'published'
    ? broken(
        'address',
        `${hostAndPort({ host: address, port: listenerPort })} refuses: nothing publishes the port`,
        'see docker ps; ports are published when the node is made: up --recreate makes it anew (its data is lost), or use --gateway-reach forward',
      )
    : undefined;

export const refused: HopRule = (path) => {
  const { outcome, exposure, gateway } = path;
  const { envoy } = path.port;
  const [{ listenerPort }, { address }] = [exposure, gateway];
  if (outcome !== 'refused' && !refusedBehind(path)) return undefined;
  const own = containerPort(listenerPort);
  if (envoy?.outcome === 'answered') {
    return broken(
      'envoy',
      `Envoy answers on its own port ${own}, but ${hostAndPort({ host: address, port: listenerPort })} refuses: kube-proxy does not forward to it`,
      "check kube-proxy and the address in the status of Envoy's Service",
    );
  }
  if (envoy?.outcome === 'refused') {
    return broken(
      'route',
      `Envoy has not opened its port ${own}: Contour has not programmed listener and TCPRoute`,
      'see the log of Contour; above 100 listeners it may be late by half a minute',
    );
  }
  const cause = `${hostAndPort({ host: address, port: listenerPort })} refuses connections; Envoy itself could not be dialed from here`;
  return broken('envoy', cause, 'check kube-proxy or your tunnel, the Envoy pod, and the log of Contour');
};

/** The remaining cause: packets are lost on the way. */
export const noRoute = (path: BrokenPath): BrokenHop => {
  const { outcome, seen, link, exposure } = path;
  const { envoy } = path.port;
  const { address } = path.gateway;
  const reached = envoy?.outcome === 'answered' || envoy?.outcome === 'refused';
  const where = reached ? 'the pod network is reachable, this address is not' : 'routing or a firewall';
  return broken(
    'address',
    `no route from this host to ${hostAndPort({ host: address, port: exposure.listenerPort })} (${outcome}): ${where}; ${seen}`,
    `check the route (ip route get ${address}), firewalls, VPNs, and the tunnel of the provider${link ? `; ${allowOutHint(link)}` : ''}`,
  );
};
