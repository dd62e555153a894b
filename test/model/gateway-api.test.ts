import { expect, test } from 'vitest';
import { gatewayClassRef, gatewayRef, tcpRouteKind } from '../../src/model/gateway-api.ts';

test('a Gateway is referred to without what else an endpoint has', () => {
  const endpoint = { name: 'tasks', namespace: 'projectcontour', address: '10.0.0.1' };
  expect(gatewayRef(endpoint)).toEqual({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'tasks', namespace: 'projectcontour' },
  });
});

test('a GatewayClass has no namespace, and TCPRoute is an alpha version', () => {
  expect(gatewayClassRef('taskgate').metadata).toEqual({ name: 'taskgate' });
  expect(tcpRouteKind.apiVersion).toBe('gateway.networking.k8s.io/v1alpha2');
});
