import { expect, test } from 'vitest';
import type { KubeEvent } from '../../../src/lib/kube/shapes.ts';
import {
  backendUnresolved,
  envoyDown,
  gatewayGone,
  listenerGone,
  listenerRefused,
  noAddress,
  noServicePort,
  notProgrammed,
  otherAddress,
  podNotAdmitted,
  routeRefused,
} from '../../../src/proof/diagnosis/object-rules.ts';
import type { BrokenPath, HopRule } from '../../../src/proof/diagnosis/rule.ts';
import { gateway } from '../../support/proof/local-path.ts';
import { condition, liveGateway, name, object, readyPod, refusedPath, routeWith } from '../../support/proof/path.ts';

const { view, port } = refusedPath;
type Change = Partial<BrokenPath>;
const withView = (change: Partial<typeof view>): Change => ({ view: { ...view, ...change } });
const withPort = (change: Partial<typeof port>): Change => ({ port: { ...port, ...change } });
const withStatus = (change: object) =>
  withView({ gateway: { ...liveGateway, status: { ...liveGateway.status, ...change } } });
const { status: _, ...bareGateway } = liveGateway;
const withoutStatus = withView({ gateway: bareGateway });
const causeOf = (rule: HopRule, change: Change) => rule({ ...refusedPath, ...change })?.finding.cause;

const event = (reason: string, message: string): KubeEvent => ({
  ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, type: 'Warning', reason, message },
});
const bad = (type: string) => condition(type, 'False', 'Why', 'because');
const routeOf = (change: object) =>
  withPort({ route: object('gateway.networking.k8s.io/v1alpha2', 'TCPRoute', change) });
const listeners = (...found: readonly { readonly name: string; readonly conditions?: readonly object[] }[]) =>
  withStatus({ listeners: found });
const pending = { ...readyPod('envoy-1'), status: { phase: 'Pending' } };

/** A change of a path on which nothing else is wrong; what a rule says to it, or undefined if it does not speak. */
const cases: readonly (readonly [string, HopRule, Change, string | undefined])[] = [
  ['a Gateway that is there', gatewayGone, {}, undefined],
  ['a Gateway that may not be read', gatewayGone, withView({ gateway: 'unknown' }), undefined],
  ['a Gateway without its listeners that may not be read', listenerGone, withView({ gateway: 'unknown' }), undefined],
  ['a listener that is there', listenerGone, {}, undefined],
  [
    'only the listener of another task',
    listenerGone,
    withView({ gateway: { ...liveGateway, spec: { listeners: [{ name: 'det-20001', port: 20001 }] } } }),
    'listener det-20000 was removed from Gateway contour: another client replaced the listeners',
  ],
  ['a Gateway without a status', listenerRefused, withoutStatus, undefined],
  ['a Gateway that may not be read', listenerRefused, withView({ gateway: 'unknown' }), undefined],
  ['a status without listeners', listenerRefused, {}, undefined],
  [
    "another task's listener",
    listenerRefused,
    listeners({ name: 'det-20001', conditions: [bad('Accepted')] }),
    undefined,
  ],
  ['a listener that nothing is said of', listenerRefused, listeners({ name: 'det-20000' }), undefined],
  [
    'a listener that is not programmed, after one of another task',
    listenerRefused,
    listeners({ name: 'det-19999', conditions: [] }, { name: 'det-20000', conditions: [bad('Programmed')] }),
    'listener det-20000: Programmed=False, Why: because',
  ],
  [
    'references of a listener',
    listenerRefused,
    listeners({ name: 'det-20000', conditions: [bad('ResolvedRefs')] }),
    undefined,
  ],
  ['a route that may not be read', routeRefused, withPort({ route: 'unknown' }), undefined],
  ['a route without a status', routeRefused, routeOf({}), undefined],
  ['a route of which no Gateway has said anything', routeRefused, routeOf({ status: { parents: [{}] } }), undefined],
  ['a route without references', routeRefused, withPort({ route: routeWith(bad('ResolvedRefs')) }), undefined],
  [
    'a route that the second of two Gateways refuses',
    routeRefused,
    routeOf({
      status: { parents: [{ conditions: [condition('Accepted', 'True')] }, { conditions: [bad('Accepted')] }] },
    }),
    `TCPRoute ${name}: Accepted=False, Why: because`,
  ],
  ['a route that is refused', backendUnresolved, withPort({ route: routeWith(bad('Accepted')) }), undefined],
  ['a Service that may not be read', backendUnresolved, withPort({ service: 'unknown' }), undefined],
  ['a ready Envoy', envoyDown, {}, undefined],
  [
    'a ready Envoy beside one that is not',
    envoyDown,
    withView({ envoyPods: [pending, readyPod('envoy-2')] }),
    undefined,
  ],
  ['an Envoy that answers before it is ready', envoyDown, withView({ envoyPods: [pending] }), undefined],
  [
    'an Envoy that refuses',
    envoyDown,
    { ...withView({ envoyPods: [pending] }), ...withPort({ envoy: { outcome: 'refused', seen: 'x' } }) },
    'Envoy: pod envoy-1 is not ready: phase Pending',
  ],
  [
    'an Envoy that answered the dial through the Gateway',
    envoyDown,
    { ...withView({ envoyPods: [pending] }), ...withPort({ envoy: undefined }), outcome: 'silent' },
    undefined,
  ],
  [
    'no Envoy, where its Service may not be read',
    envoyDown,
    { ...withView({ envoyPods: [], envoyService: 'unknown' }), ...withPort({ envoy: undefined }) },
    undefined,
  ],
  [
    'an Envoy that is not ready, where its Service may not be read',
    envoyDown,
    { ...withView({ envoyPods: [pending], envoyService: 'unknown' }), ...withPort({ envoy: undefined }) },
    'Envoy: pod envoy-1 is not ready: phase Pending',
  ],
  [
    'a pod that is there',
    podNotAdmitted,
    withView({ pods: [pending], events: [event('FailedCreate', 'exceeded quota: q, used')] }),
    undefined,
  ],
  ['no pod, and no event', podNotAdmitted, withView({ pods: [] }), undefined],
  [
    'no pod, and a refusal that may pass',
    podNotAdmitted,
    withView({ pods: [], events: [event('FailedCreate', 'failed calling webhook "w": timeout')] }),
    undefined,
  ],
  ['a Gateway without a status', notProgrammed, withoutStatus, undefined],
  ['a Gateway that may not be read', notProgrammed, withView({ gateway: 'unknown' }), undefined],
  [
    'a Gateway that is not accepted',
    notProgrammed,
    withStatus({ conditions: [bad('Accepted')] }),
    'Gateway contour: Accepted=False, Why: because',
  ],
  [
    'a Gateway that is not programmed, of an Envoy that accepts',
    notProgrammed,
    { ...withStatus({ conditions: [bad('Programmed')] }), outcome: 'closed' },
    undefined,
  ],
  [
    'a status without addresses',
    noAddress,
    withView({ gateway: { ...bareGateway, status: {} } }),
    "Gateway contour has no address: no load balancer address is set on Envoy's Service",
  ],
  ['a Gateway that has an address', noAddress, {}, undefined],
  ['a Gateway that may not be read', noAddress, withView({ gateway: 'unknown' }), undefined],
  [
    'a Gateway without addresses, of an Envoy that accepts',
    noAddress,
    { ...withStatus({ addresses: [] }), outcome: 'silent' },
    undefined,
  ],
  [
    'a Gateway without a status',
    noAddress,
    withoutStatus,
    "Gateway contour has no address: no load balancer address is set on Envoy's Service",
  ],
  ['a Service that may not be read', noServicePort, withView({ envoyService: 'unknown' }), undefined],
  [
    'no Service, of an Envoy that accepts',
    noServicePort,
    { ...withView({ envoyService: 'absent' }), outcome: 'closed' },
    undefined,
  ],
  ['the port', noServicePort, {}, undefined],
  [
    'only the port of another listener',
    noServicePort,
    withView({ envoyService: object('v1', 'Service', { spec: { ports: [{ port: 20001 }] } }) }),
    'Service envoy-contour has no port 20000',
  ],
  [
    'the port among others',
    noServicePort,
    withView({ envoyService: object('v1', 'Service', { spec: { ports: [{ port: 19999 }, { port: 20000 }] } }) }),
    undefined,
  ],
  [
    'a Service without ports',
    noServicePort,
    withView({ envoyService: object('v1', 'Service', { spec: {} }) }),
    'Service envoy-contour has no port 20000',
  ],
  [
    'a Service without a spec',
    noServicePort,
    withView({ envoyService: object('v1', 'Service', {}) }),
    'Service envoy-contour has no port 20000',
  ],
  ['a Gateway without a status', otherAddress, withoutStatus, undefined],
  ['a Gateway that may not be read', otherAddress, withView({ gateway: 'unknown' }), undefined],
  [
    'an address beside the one that is dialed',
    otherAddress,
    withStatus({ addresses: [{ value: '10.9.9.9' }, { value: gateway.address }] }),
    undefined,
  ],
  ['a Gateway without addresses', otherAddress, withStatus({ addresses: [] }), undefined],
  [
    'another address, of an Envoy that accepts',
    otherAddress,
    { ...withStatus({ addresses: [{ value: '10.9.9.9' }] }), outcome: 'closed' },
    undefined,
  ],
  [
    'another address than that of a forward',
    otherAddress,
    { ...withStatus({ addresses: [{ value: '10.9.9.9' }] }), gateway: { ...gateway, via: 'forward' } },
    undefined,
  ],
  [
    'two other addresses than the node\u2019s',
    otherAddress,
    {
      ...withStatus({ addresses: [{ value: '10.9.9.9' }, { value: '10.9.9.8' }] }),
      gateway: { ...gateway, via: 'node' },
    },
    'the Gateway has the address 10.9.9.9, 10.9.9.8, but gateway_ip is 127.0.0.1 (refused)',
  ],
];

test.each(cases)('%s', (_, rule, change, cause) => {
  expect(causeOf(rule, change)).toBe(cause);
});
