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

const gateway = (status: object | undefined, generation = 2) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'tasks', generation },
  spec: { listeners: [] },
  ...(status && { status }),
});

describe('isProgrammed', () => {
  test.each([
    ['both hold', { conditions: [accepted, programmed] }, true],
    ['no status', {}, 'no Accepted condition yet'],
    ['of no generation', { conditions: [{ type: 'Accepted', status: 'True' }, programmed] }, true],
    [
      'a condition of another type before',
      { conditions: [{ type: 'Ready', status: 'False' }, accepted, programmed] },
      true,
    ],
    [
      'neither true nor told why',
      { conditions: [accepted, { type: 'Programmed', status: 'Unknown' }] },
      'Programmed=Unknown',
    ],
    ['only a message', { conditions: [{ ...accepted, status: 'False', message: 'no' }] }, 'Accepted=False (no)'],

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
    [
      'a listener refused, with another condition first',
      {
        conditions: [accepted, { ...programmed, status: 'False' }],
        listeners: [
          { name: 'det-20001', conditions: [programmed, { ...accepted, status: 'False', message: 'port conflicts' }] },
        ],
      },
      'Programmed=False; listener det-20001: port conflicts',
    ],
    [
      'programmed, whatever is said of a listener',
      {
        conditions: [accepted, programmed],
        listeners: [{ name: 'det-20001', conditions: [{ ...accepted, status: 'False', message: 'port conflicts' }] }],
      },
      true,
    ],
    [
      'a listener that is not judged yet',
      {
        conditions: [accepted, { ...programmed, status: 'False' }],
        listeners: [{ name: 'det-20001', conditions: [programmed] }],
      },
      'Programmed=False',
    ],
    [
      'a listener that nothing is said of',
      { conditions: [accepted, { ...programmed, status: 'False' }], listeners: [{ name: 'det-20001' }] },
      'Programmed=False',
    ],
    [
      'no listener refused',
      {
        conditions: [accepted, { ...programmed, status: 'False' }],
        listeners: [{ name: 'det-20001', conditions: [{ ...accepted, message: 'it is well' }] }],
      },
      'Programmed=False',
    ],
  ])('%s', (_, status, verdict) => {
    expect(isProgrammed(gateway(status))).toBe(verdict);
  });
});

test.each([
  [{ addresses: [{ value: '10.0.0.2' }] }, true],
  [{ addresses: [{ value: '10.0.0.9' }] }, 'its address is 10.0.0.9, not 10.0.0.2'],
  [{ addresses: [{ value: '10.0.0.9' }, { value: '10.0.0.22' }] }, 'its address is 10.0.0.9, 10.0.0.22, not 10.0.0.2'],
  [{ addresses: [] }, 'no address yet'],
  [undefined, 'no address yet'],
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
const crashed = {
  conditions: [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Ready', status: 'False', reason: 'ContainersNotReady' },
  ],
};

test.each([
  [ready, true],
  [pulling, 'pod envoy: container envoy waits: ImagePullBackOff: no route'],
  [unscheduled, 'pod envoy: PodScheduled=False (Unschedulable: 0/1 nodes)'],
  [crashed, 'pod envoy: Ready=False (ContainersNotReady)'],
  [{}, 'pod envoy: no PodScheduled condition yet'],
  [
    { initContainerStatuses: [{ name: 'init', state: { waiting: { reason: 'PodInitializing' } } }] },
    'pod envoy: container init waits: PodInitializing',
  ],
  [
    {
      containerStatuses: [
        { name: 'a' },
        { name: 'b', state: { running: {} } },
        { name: 'c', state: { waiting: { reason: 'ContainerCreating' } } },
      ],
    },
    'pod envoy: container c waits: ContainerCreating',
  ],
])('isPodReady of %j', (status, verdict) => {
  expect(isPodReady(pod('envoy', status))).toBe(verdict);
});

test('one ready pod is enough, but not one that is going away', () => {
  const leaving = pod('old', ready, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  expect(isAnyPodReady([pod('a', pulling), pod('b', ready)])).toBe(true);
  expect(isAnyPodReady([leaving, pod('a', pulling)])).toContain('ImagePullBackOff');
  expect(isAnyPodReady([leaving])).toBe('no pod yet');
  expect(isAnyPodReady([pod('a', crashed), pod('b', pulling)])).toBe('pod a: Ready=False (ContainersNotReady)');
});

test('the object of a watch by name may not be there yet', () => {
  expect(theOne(isPodReady)([])).toBe('it does not exist yet');
  expect(theOne(isPodReady)([pod('a', ready)])).toBe(true);
});

test('a CRD of which another one has a name says which', () => {
  const conditions = [
    { type: 'NamesAccepted', status: 'False', reason: 'KindConflict', message: '"TCPRoute" is already in use' },
    { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
  ];
  const crd = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'tcproutes' } },
    status: { conditions },
  };
  expect(isEstablished(crd)).toBe(
    'tcproutes: Established=False (NotAccepted: not all names are accepted): "TCPRoute" is already in use',
  );
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
  [{ conditions: [{ type: 'Available', status: 'True' }], availableReplicas: 0 }, 'no replica is available'],
  [{ conditions: [{ type: 'Available', status: 'True' }] }, 'no replica is available'],
  [
    { conditions: [{ type: 'Available', status: 'False', reason: 'MinimumReplicas' }] },
    'Available=False (MinimumReplicas)',
  ],
  [{}, 'no Available condition yet'],
])('a Deployment with status %j is available: %s', (status, expected) => {
  expect(isAvailable({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, status })).toBe(expected);
});
