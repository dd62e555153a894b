import { isReady } from '../../lib/kube/shapes.ts';
import { envoyName } from '../../model/contour-names.ts';
import { listenerName } from '../../model/task-listener.ts';
import { findPodTrouble } from './pod-trouble.ts';
import { broken, findFalse, findGateway, type Rule, reachedEnvoy } from './rule.ts';

export const gatewayGone: Rule = ({ view, gateway }) =>
  view.gateway === 'gone'
    ? broken('address', `Gateway ${gateway.namespace}/${gateway.name} does not exist`, 'make it again: taskgate up')
    : undefined;

export const listenerGone: Rule = (path) => {
  const live = findGateway(path);
  const name = listenerName(path.exposure.listenerPort);
  if (!live || live.spec.listeners.some((listener) => listener.name === name)) return undefined;
  return broken(
    'address',
    `listener ${name} vanished from Gateway ${path.gateway.name}: another writer replaced the listeners`,
    'change the Gateway with kubectl apply --server-side only, and let one master use it',
  );
};

export const listenerRefused: Rule = (path) => {
  const name = listenerName(path.exposure.listenerPort);
  const status = findGateway(path)?.status?.listeners?.find((listener) => listener.name === name);
  const told = findFalse(status?.conditions, 'Accepted', 'Programmed');
  if (!told) return undefined;
  return broken('envoy', `listener ${name}: ${told}`, 'choose a port range whose ports + 8000 meet no other listener');
};

export const routeRefused: Rule = ({ port: { route }, exposure: { name } }) => {
  if (route === 'gone') {
    return broken('route', `TCPRoute ${name} does not exist`, 'look for what removes it: a second master?');
  }
  const parents = typeof route === 'string' ? [] : (route.status?.parents ?? []);
  const told = findFalse(
    parents.flatMap(({ conditions }) => conditions ?? []),
    'Accepted',
  );
  return told
    ? broken('route', `TCPRoute ${name}: ${told}`, 'compare its parentRef with the listeners of the Gateway')
    : undefined;
};

export const backendUnresolved: Rule = ({ port: { route, service }, exposure: { name } }) => {
  const parents = typeof route === 'string' ? [] : (route.status?.parents ?? []);
  const told = findFalse(
    parents.flatMap(({ conditions }) => conditions ?? []),
    'ResolvedRefs',
  );
  if (!told && service !== 'gone') return undefined;
  const cause = service === 'gone' ? `Service ${name} does not exist` : `TCPRoute ${name}: ${told}`;
  return broken('service', cause, 'look for what removes or refuses the Service: a second master, a policy?');
};

export const envoyDown: Rule = (path) => {
  const { view, gateway } = path;
  const [pod] = view.envoyPods;
  const hidden = !pod && view.envoyService === 'unknown';
  if (hidden || reachedEnvoy(path) || view.envoyPods.some(isReady)) return undefined;
  if (path.port.envoy?.outcome === 'answered') return undefined;
  const trouble = pod && findPodTrouble(view.envoyPods, []);
  if (trouble) return broken('envoy', `Envoy: ${trouble.cause}`, trouble.hint);
  return broken('envoy', `Gateway ${gateway.name} has no Envoy pod`, 'read the log of the Contour provisioner');
};

export const notProgrammed: Rule = (path) => {
  const told = findFalse(findGateway(path)?.status?.conditions, 'Accepted', 'Programmed');
  if (!told || reachedEnvoy(path)) return undefined;
  return broken('envoy', `Gateway ${path.gateway.name}: ${told}`, 'mend what the condition names, then try again');
};

export const noAddress: Rule = (path) => {
  const live = findGateway(path);
  if (!live || reachedEnvoy(path) || (live.status?.addresses ?? []).length > 0) return undefined;
  return broken(
    'address',
    `Gateway ${path.gateway.name} has no address: nothing published the Service of Envoy`,
    'run taskgate up again, or let something give LoadBalancer Services an address (minikube tunnel, MetalLB)',
  );
};

export const noServicePort: Rule = (path) => {
  const { envoyService } = path.view;
  const { listenerPort } = path.exposure;
  if (envoyService === 'unknown' || reachedEnvoy(path)) return undefined;
  const ports = envoyService === 'gone' ? [] : (envoyService.spec?.ports ?? []);
  if (ports.some(({ port }) => port === listenerPort)) return undefined;
  return broken(
    'envoy',
    `Service ${envoyName(path.gateway)} has no port ${listenerPort}`,
    'read the log of the Contour provisioner: a refused or used-up port range shows only there',
  );
};

export const otherAddress: Rule = (path) => {
  const published = (findGateway(path)?.status?.addresses ?? []).map(({ value }) => value);
  const { address } = path.gateway;
  if (reachedEnvoy(path) || published.length === 0 || published.includes(address)) return undefined;
  return broken(
    'address',
    `the Gateway publishes ${published.join(', ')}, but gateway_ip is ${address} (${path.outcome})`,
    'run taskgate up again to write the address of now into the master configuration',
  );
};
