import { isReady } from '../../lib/kube/shapes.ts';
import { envoyName } from '../../model/contour-names.ts';
import { explainAdmission } from '../../model/security/admission.ts';
import { listenerName } from '../../model/task-listener.ts';
import { findPodTrouble } from './pod-trouble.ts';
import { broken, findFalse, findGateway, type HopRule, hasPort, reachedEnvoy, routeConditions } from './rule.ts';

export const gatewayGone: HopRule = ({ view, gateway }) =>
  view.gateway === 'absent'
    ? broken('address', `Gateway ${gateway.namespace}/${gateway.name} does not exist`, 'recreate it: taskgate up')
    : undefined;

export const listenerGone: HopRule = (path) => {
  const live = findGateway(path);
  const name = listenerName(path.exposure.listenerPort);
  if (!live || live.spec.listeners.some((listener) => listener.name === name)) return undefined;
  return broken(
    'address',
    `listener ${name} was removed from Gateway ${path.gateway.name}: another client replaced the listeners`,
    'change the Gateway only with kubectl apply --server-side, and use it with one master only',
  );
};

export const listenerRefused: HopRule = (path) => {
  const name = listenerName(path.exposure.listenerPort);
  const status = findGateway(path)?.status?.listeners?.find((listener) => listener.name === name);
  const condition = findFalse(status?.conditions, 'Accepted', 'Programmed');
  if (!condition) return undefined;
  return broken(
    'envoy',
    `listener ${name}: ${condition}`,
    'choose a port range whose ports + 8000 collide with no other listener',
  );
};

export const routeRefused: HopRule = ({ port, exposure: { name } }) => {
  if (port.route === 'absent') {
    return broken('route', `TCPRoute ${name} does not exist`, 'find what removes it: a second master?');
  }
  const condition = findFalse(routeConditions(port), 'Accepted');
  return condition
    ? broken('route', `TCPRoute ${name}: ${condition}`, 'compare its parentRef with the listeners of the Gateway')
    : undefined;
};

export const backendUnresolved: HopRule = ({ port, exposure: { name } }) => {
  const condition = findFalse(routeConditions(port), 'ResolvedRefs');
  if (!condition && port.service !== 'absent') return undefined;
  const cause = port.service === 'absent' ? `Service ${name} does not exist` : `TCPRoute ${name}: ${condition}`;
  return broken('service', cause, 'find what removes or refuses the Service: a second master, a policy?');
};

export const envoyDown: HopRule = (path) => {
  const { view, gateway } = path;
  const [pod] = view.envoyPods;
  const hidden = !pod && view.envoyService === 'unknown';
  if (hidden || reachedEnvoy(path) || view.envoyPods.some(isReady)) return undefined;
  if (path.port.envoy?.outcome === 'answered') return undefined;
  const trouble = pod && findPodTrouble(view.envoyPods, []);
  if (trouble) return broken('envoy', `Envoy: ${trouble.cause}`, trouble.hint);
  return broken('envoy', `Gateway ${gateway.name} has no Envoy pod`, 'see the log of the Contour provisioner');
};

/** Found within a second, when Envoy may not have opened the port yet: that is no matter then. */
export const podNotAdmitted: HopRule = ({ view: { pods, events } }) => {
  const trouble = pods.length === 0 ? findPodTrouble(pods, events) : undefined;
  if (!trouble || !explainAdmission(trouble.cause)?.isFinal) return undefined;
  return broken('pod', trouble.cause, trouble.hint);
};

export const notProgrammed: HopRule = (path) => {
  const condition = findFalse(findGateway(path)?.status?.conditions, 'Accepted', 'Programmed');
  if (!condition || reachedEnvoy(path)) return undefined;
  return broken(
    'envoy',
    `Gateway ${path.gateway.name}: ${condition}`,
    'fix what the condition reports, then try again',
  );
};

export const noAddress: HopRule = (path) => {
  const live = findGateway(path);
  if (!live || reachedEnvoy(path) || live.status?.addresses?.length) return undefined;
  return broken(
    'address',
    `Gateway ${path.gateway.name} has no address: no load balancer address is set on Envoy's Service`,
    'run taskgate up again, or run a controller that assigns LoadBalancer addresses (minikube tunnel, MetalLB)',
  );
};

export const noServicePort: HopRule = (path) => {
  const { envoyService } = path.view;
  const { listenerPort } = path.exposure;
  if (envoyService === 'unknown' || reachedEnvoy(path) || hasPort(envoyService, listenerPort)) return undefined;
  return broken(
    'envoy',
    `Service ${envoyName(path.gateway)} has no port ${listenerPort}`,
    'see the log of the Contour provisioner: only it reports a refused or exhausted port range',
  );
};

export const otherAddress: HopRule = (path) => {
  const published = (findGateway(path)?.status?.addresses ?? []).map(({ value }) => value);
  const { address, via = 'node' } = path.gateway;
  // one of this host never is the Gateway's own
  if (via !== 'node' || reachedEnvoy(path) || published.length === 0 || published.includes(address)) return undefined;
  return broken(
    'address',
    `the Gateway has the address ${published.join(', ')}, but gateway_ip is ${address} (${path.outcome})`,
    'run taskgate up again to write the current address into the master configuration',
  );
};
