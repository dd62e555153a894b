import { describe, expect, test } from 'vitest';
import {
  hasAddress,
  isAnyPodReady,
  isAvailable,
  isEstablished,
  isPodReady,
  isProgrammed,
  theOne,
} from '../../../src/gateway/ready/conditions.ts';

const accepted = { type: 'Accepted', status: 'True', observedGeneration: 2 };
const programmed = { type: 'Programmed', status: 'True', observedGeneration: 2 };

const gateway = (status: object, generation = 2) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'tasks', generation },
  spec: { listeners: [] },
  status,
});

describe('isProgrammed', () => {
  test.each([
    ['both hold', { conditions: [accepted, programmed] }, true],
    ['no status', {}, 'no Accepted condition yet'],
    ['not programmed yet', { conditions: [accepted] }, 'no Programmed condition yet'],
    [
      'about an older generation',
      { conditions: [accepted, { ...programmed, observedGeneration: 1 }] },
      'Programmed is of generation 1, not 2 yet',
    ],
    [
      'refused',
      { conditions: [{ ...accepted, status: 'False', reason: 'Invalid', message: 'no such class' }] },
      'Accepted=False (Invalid: no such class)',
    ],
    [
      'one listener refused',
      {
        conditions: [accepted, { ...programmed, status: 'False', reason: 'ListenersNotValid' }],
        listeners: [
          { name: 'det-20000', conditions: [accepted] },
          { name: 'det-20001', conditions: [{ ...accepted, status: 'False', message: 'port conflicts' }] },
        ],
      },
      'Programmed=False (ListenersNotValid); listener det-20001: port conflicts',
    ],
  ])('%s', (_, status, verdict) => {
    expect(isProgrammed(gateway(status))).toBe(verdict);
  });
});

test.each([
  [{ addresses: [{ value: '10.0.0.2' }] }, true],
  [{ addresses: [{ value: '10.0.0.9' }] }, 'its address is 10.0.0.9, not 10.0.0.2'],
  [{}, 'no address yet'],
])('hasAddress of %j', (status, verdict) => {
  expect(hasAddress('10.0.0.2')(gateway(status))).toBe(verdict);
});

const pod = (name: string, status: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...more },
  status,
});
const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
const pulling = {
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [{ name: 'envoy', state: { waiting: { reason: 'ImagePullBackOff', message: 'no route' } } }],
};
const unscheduled = {
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }],
};

test.each([
  [ready, true],
  [pulling, 'pod envoy: container envoy waits: ImagePullBackOff: no route'],
  [unscheduled, 'pod envoy: PodScheduled=False (Unschedulable: 0/1 nodes)'],
])('isPodReady of %j', (status, verdict) => {
  expect(isPodReady(pod('envoy', status))).toBe(verdict);
});

test('one ready pod is enough, but not one that is going away', () => {
  const leaving = pod('old', ready, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  expect(isAnyPodReady([pod('a', pulling), pod('b', ready)])).toBe(true);
  expect(isAnyPodReady([leaving, pod('a', pulling)])).toContain('ImagePullBackOff');
  expect(isAnyPodReady([leaving])).toBe('no pod yet');
});

test('the object of a watch by name may not be there yet', () => {
  expect(theOne(isPodReady)([])).toBe('it does not exist yet');
  expect(theOne(isPodReady)([pod('a', ready)])).toBe(true);
});

test.each([
  [{ conditions: [{ type: 'Established', status: 'True' }] }, true],
  [{ conditions: [{ type: 'NamesAccepted', status: 'True' }] }, 'tcproutes: no Established condition yet'],
  [{ conditions: [{ type: 'Established', status: 'False' }] }, expect.stringMatching(/^tcproutes: Established=False/)],
  [undefined, 'tcproutes: no Established condition yet'],
])('a CRD with status %j is established: %s', (status, verdict) => {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'tcproutes' },
  };
  expect(isEstablished({ ...crd, ...(status && { status }) })).toEqual(verdict);
});

test.each([
  [{ conditions: [{ type: 'Available', status: 'True' }], availableReplicas: 1 }, true],
  [{ conditions: [{ type: 'Available', status: 'True' }] }, 'no replica is available'],
  [{}, 'no Available condition yet'],
])('a Deployment with status %j is available: %s', (status, expected) => {
  expect(isAvailable({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, status })).toBe(expected);
});
