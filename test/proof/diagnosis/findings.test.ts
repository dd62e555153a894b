import { expect, test } from 'vitest';
import type { KubeEvent } from '../../../src/lib/kube/shapes.ts';
import { findBrokenHop } from '../../../src/proof/diagnosis/findings.ts';
import type { BrokenPath } from '../../../src/proof/diagnosis/rule.ts';
import { gateway } from '../../support/proof/local-path.ts';
import {
  condition,
  liveGateway,
  name,
  readyPod,
  refusedPath,
  routeWith,
  slicesWith,
} from '../../support/proof/path.ts';

const { view, port } = refusedPath;
type Case = readonly [string, Partial<BrokenPath>, string, string, string];
const withView = (change: Partial<typeof view>): Partial<BrokenPath> => ({ view: { ...view, ...change } });
const withPort = (change: Partial<typeof port>): Partial<BrokenPath> => ({ port: { ...port, ...change } });
const withStatus = (change: object) =>
  withView({ gateway: { ...liveGateway, status: { ...liveGateway.status, ...change } } });
const closed = { outcome: 'closed', seen: 'closed without a byte' } as const;
const pending = { ...readyPod('sample-1'), status: { phase: 'Pending' } };

const failedCreate: KubeEvent = {
  ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, type: 'Warning', reason: 'FailedCreate' },
  message: 'pods "x" is forbidden: exceeded quota: q, used',
};

const cases: readonly Case[] = [
  [
    'Gateway gone',
    withView({ gateway: 'absent' }),
    'address',
    'Gateway projectcontour/contour does not exist',
    'taskgate up',
  ],
  [
    'listener wiped',
    withView({ gateway: { ...liveGateway, spec: { listeners: [] } } }),
    'address',
    'listener det-20000 was removed from Gateway contour: another client replaced the listeners',
    'kubectl apply --server-side',
  ],
  [
    'name of the gateway',
    { outcome: 'unresolved', seen: 'ENOTFOUND gw' },
    'address',
    'gateway_ip 127.0.0.1 does not resolve: ENOTFOUND gw',
    'DNS',
  ],
  [
    'listener refused',
    withStatus({
      listeners: [{ name: 'det-20000', conditions: [condition('Accepted', 'False', 'PortUnavailable', 'conflicts')] }],
    }),
    'envoy',
    'listener det-20000: Accepted=False, PortUnavailable: conflicts',
    'ports + 8000',
  ],
  ['route gone', withPort({ route: 'absent' }), 'route', `TCPRoute ${name} does not exist`, 'second master'],
  [
    'pod that is not admitted, before Envoy has opened the port',
    { ...withView({ pods: [], events: [failedCreate] }), outcome: 'refused', seen: 'connect ECONNREFUSED' },
    'pod',
    'sample task is not ready: the Job has created no pod (FailedCreate: pods "x" is forbidden: exceeded quota: q, used)',
    'raise ResourceQuota q',
  ],
  [
    'route refused',
    withPort({ route: routeWith(condition('Accepted', 'False', 'NoMatchingParent', 'no listener')) }),
    'route',
    `TCPRoute ${name}: Accepted=False, NoMatchingParent: no listener`,
    'parentRef',
  ],
  [
    'backend unresolved',
    withPort({ route: routeWith(condition('ResolvedRefs', 'False', 'BackendNotFound', 'no Service')) }),
    'service',
    `TCPRoute ${name}: ResolvedRefs=False, BackendNotFound: no Service`,
    'removes or refuses the Service',
  ],
  ['Service gone', withPort({ service: 'absent' }), 'service', `Service ${name} does not exist`, 'second master'],
  [
    'no Envoy',
    { ...withView({ envoyPods: [] }), ...withPort({ envoy: undefined }) },
    'envoy',
    'Gateway contour has no Envoy pod',
    'provisioner',
  ],
  [
    'Envoy not ready',
    {
      ...withView({ envoyPods: [{ ...readyPod('envoy-1'), status: { phase: 'Pending' } }] }),
      ...withPort({ envoy: undefined }),
    },
    'envoy',
    'Envoy: pod envoy-1 is not ready: phase Pending',
    'events',
  ],
  [
    'no address',
    withStatus({ addresses: [] }),
    'address',
    "Gateway contour has no address: no load balancer address is set on Envoy's Service",
    'minikube tunnel',
  ],
  [
    'provisioner behind',
    withView({ envoyService: 'absent' }),
    'envoy',
    'Service envoy-contour has no port 20000',
    'provisioner',
  ],
  [
    'other address',
    { ...withStatus({ addresses: [{ value: '10.9.9.9' }] }), outcome: 'timeout', seen: 'no answer' },
    'address',
    'the Gateway has the address 10.9.9.9, but gateway_ip is 127.0.0.1 (timeout)',
    'taskgate up',
  ],
  [
    'pod not ready',
    { ...closed, ...withPort({ slices: slicesWith(false) }), view: { ...view, pods: [pending] } },
    'pod',
    `Service ${name} has no ready endpoint: pod sample-1 is not ready: phase Pending`,
    'events',
  ],
  [
    'no endpoints for a ready pod',
    { ...closed, ...withPort({ slices: [] }) },
    'pod',
    `Service ${name} has no ready endpoint`,
    'controller manager',
  ],
  [
    'Envoy cannot reach the pod',
    closed,
    'pod',
    'Envoy receives no answer from the pod at 10.0.0.9: closed without a byte',
    'NetworkPolicy',
  ],
  [
    'closed behind Envoy, refused before it',
    withPort({ slices: [], envoy: closed }),
    'pod',
    `Service ${name} has no ready endpoint`,
    'controller manager',
  ],
  [
    'something in front of Envoy answers',
    { outcome: 'wrong', seen: 'answered 426' },
    'address',
    'something else answers at 127.0.0.1:20000: answered 426',
    'instead of Envoy',
  ],
  [
    'something behind Envoy answers',
    { outcome: 'wrong', seen: 'answered 426', ...withPort({ envoy: { outcome: 'wrong', seen: '426' } }) },
    'pod',
    'something else answers at 127.0.0.1:20000: answered 426',
    'another TCPRoute',
  ],
  [
    'Gateway not programmed',
    withStatus({ conditions: [condition('Programmed', 'False', 'ListenersNotValid', 'one is bad')] }),
    'envoy',
    'Gateway contour: Programmed=False, ListenersNotValid: one is bad',
    'condition',
  ],
  [
    'kube-proxy',
    {},
    'envoy',
    'Envoy answers on its own port 28000, but 127.0.0.1:20000 refuses: kube-proxy does not forward to it',
    'kube-proxy',
  ],
  [
    'Contour behind',
    withPort({ envoy: { outcome: 'refused', seen: 'x' } }),
    'route',
    'Envoy has not opened its port 28000: Contour has not programmed listener and TCPRoute',
    'Contour',
  ],
  [
    'refused, Envoy out of sight',
    withPort({ envoy: undefined }),
    'envoy',
    '127.0.0.1:20000 refuses connections; Envoy itself could not be dialed from here',
    'tunnel',
  ],
  [
    'firewall',
    { outcome: 'timeout', seen: 'no answer within 2000 ms', ...withPort({ envoy: { outcome: 'timeout', seen: 'x' } }) },
    'address',
    'no route from this host to 127.0.0.1:20000 (timeout): routing or a firewall; no answer within 2000 ms',
    'ip route get 127.0.0.1',
  ],
  [
    'address not routed',
    { outcome: 'unreachable', seen: 'EHOSTUNREACH' },
    'address',
    'no route from this host to 127.0.0.1:20000 (unreachable): the pod network is reachable, this address is not; EHOSTUNREACH',
    'firewalls',
  ],
  [
    'a firewall of this host that rejects by a reset',
    { link: 'tg-1a2b3c4d' },
    'address',
    'a firewall on this host rejects connections to 127.0.0.1:20000 (refused): Envoy itself answers on its own port 28000',
    'ufw allow out on tg-1a2b3c4d',
  ],
  [
    'a firewall of this host that rejects as unreachable',
    { link: 'tg-1a2b3c4d', outcome: 'unreachable', seen: 'EHOSTUNREACH' },
    'address',
    'a firewall on this host rejects connections to 127.0.0.1:20000 (unreachable): Envoy itself answers on its own port 28000',
    'iptables -I OUTPUT -o tg-1a2b3c4d -j ACCEPT',
  ],
  [
    'refused on the link, and Envoy has not opened its port',
    { link: 'tg-1a2b3c4d', ...withPort({ envoy: { outcome: 'refused', seen: 'x' } }) },
    'route',
    'Envoy has not opened its port 28000: Contour has not programmed listener and TCPRoute',
    'Contour',
  ],
];

test.each(cases)('%s', (_, change, hop, cause, hint) => {
  expect(findBrokenHop({ ...refusedPath, ...change }, () => change.link)).toEqual({
    hop,
    finding: { cause, hint: expect.stringContaining(hint) },
  });
});

test('what may not be seen is not blamed', () => {
  const hidden = {
    view: { ...view, gateway: 'unknown', envoyService: 'unknown', envoyPods: [] },
    port: { route: 'unknown', service: 'unknown', slices: [], envoy: undefined },
  } as const;
  expect(findBrokenHop({ ...refusedPath, ...hidden }).finding.cause).toContain(`${gateway.address}:20000 refuses`);
});
