import { expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { findRefusal } from '../../../src/proof/sample-task/refusal.ts';
import { refusal } from '../../fakes/kube.ts';

test.each([
  [
    refusal(
      422,
      'Invalid',
      'Gateway "contour" is invalid: [spec.listeners: Too many: 214: must have at most 213 items, x]',
    ),
    'the Gateway CRD allows at most 213 listeners: no room for the sample task',
    'maxItems',
  ],
  [
    refusal(404, 'NoKind', 'the API server has no TCPRoute in gateway.networking.k8s.io/v1alpha2'),
    'the API server does not serve TCPRoute v1alpha2',
    'experimental',
  ],
  [
    refusal(404, 'NotFound', 'gateways.gateway.networking.k8s.io "contour" not found'),
    'Gateway contour does not exist',
    'taskgate up',
  ],
  [refusal(404, 'NotFound', 'namespaces "team" not found'), 'namespace team does not exist', 'task namespace'],
  [
    refusal(403, 'Forbidden', 'gateways "contour" is forbidden: User "u" cannot update resource "gateways"'),
    'gateways "contour" is forbidden: User "u" cannot update resource "gateways"',
    'gateways get and update',
  ],
  [refusal(409, 'Conflict', 'the object has been modified'), 'the object has been modified', 'another client'],
  [refusal(500, 'InternalError', 'etcdserver: timeout'), 'etcdserver: timeout', 'API server'],
  [
    new UserError('not enough free ports', { id: 'proof.no-free-port', hint: 'widen' }),
    'not enough free ports',
    'widen',
  ],
])('%s', (error, cause, hint) => {
  expect(findRefusal(error)).toEqual({ cause, hint: expect.stringContaining(hint) });
});

test('a bug is no refusal', () => {
  expect(findRefusal(new TypeError('x is not a function'))).toBeUndefined();
});
