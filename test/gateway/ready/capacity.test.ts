import { expect, test } from 'vitest';
import { seedListenerName } from '../../../src/gateway/install/gateway.ts';
import { capacityOf, explainRefusal, filledGateway, proveCapacity } from '../../../src/gateway/ready/capacity.ts';
import type { Gateway } from '../../../src/lib/kube/shapes.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';
import { gatewaysCRD, spec } from '../../support/gateway/fixture.ts';

const tcp = (name: string, port: number) => ({ name, port, protocol: 'TCP' });
const seed = tcp(seedListenerName, 19999);
const foreign = Array.from({ length: 10 }, (_, index) => tcp(`det-${20000 + index}`, 20000 + index));

const gateway = (listeners: Gateway['spec']['listeners']): Gateway => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'tasks', namespace: 'projectcontour' },
  spec: { listeners },
});

test.each([
  [213, [seed], 199, 200, 'the range 20000-20199 has 200 ports'],
  [213, [seed, ...foreign], 199, 200, 'the range 20000-20199 has 200 ports'],
  [213, [seed], 299, 212, 'the Gateway may have 213 listeners, 1 of them outside the range'],
  [64, [seed, tcp('web', 80), ...foreign], 199, 62, 'the Gateway may have 64 listeners, 2 of them outside the range'],
  [201, [seed], 199, 200, 'the range 20000-20199 has 200 ports'],
  [200, [seed], 199, 199, 'the Gateway may have 200 listeners, 1 of them outside the range'],
  [
    200,
    [tcp('before', 19999), tcp('first', 20000), tcp('last', 20199), tcp('after', 20200)],
    199,
    198,
    'the Gateway may have 200 listeners, 2 of them outside the range',
  ],
  [1, [seed, tcp('web', 80)], 199, 0, 'the Gateway may have 1 listeners, 2 of them outside the range'],
])('of %i listeners with %j and ports to 20%i, %i are for tasks', (maxItems, listeners, end, limit, because) => {
  const portRange = { start: 20000, end: 20000 + end };
  expect(capacityOf({ ...spec, portRange }, listeners, maxItems)).toEqual({ limit, because });
});

test('fills up to the limit beside what is there, with ports and names of their own', () => {
  const { listeners } = filledGateway(gateway([seed, ...foreign]), spec, 200).spec;
  expect(listeners.slice(0, 11)).toEqual([seed, ...foreign]);
  expect(listeners).toHaveLength(201);
  expect(new Set(listeners.map(({ port }) => port)).size).toBe(201);
  expect(new Set(listeners.map(({ name }) => name)).size).toBe(201);
});

test.each([
  ['no more than the limit', [seed], 2, [19999, 20000, 20001]],
  ['those that are there count', [seed, tcp('det-20000', 20000)], 2, [19999, 20000, 20001]],
  ['those outside the range do not', [seed, tcp('web', 80), tcp('next', 20200)], 1, [19999, 80, 20200, 20000]],
  ['not a port that is taken', [tcp('theirs', 20001)], 3, [20001, 20000, 20002]],
  ['up to the last port', [tcp('a', 20000), tcp('b', 20001)], 4, [20000, 20001, 20002, 20003]],
  ['not beyond the last port', [tcp('a', 20000)], 9, [20000, 20001, 20002, 20003]],
  ['none where there are more already', [tcp('a', 20000), tcp('b', 20001)], 1, [20000, 20001]],
])('a filled Gateway: %s', (_, listeners, limit, ports) => {
  const filled = filledGateway(gateway(listeners), { portRange: { start: 20000, end: 20003 } }, limit);
  expect(filled.spec.listeners.map(({ port }) => port)).toEqual(ports);
  expect({ ...filled, spec: {} }).toEqual({ ...gateway([]), spec: {} });
});

test('proves by a dry run with all listeners, and writes nothing', async () => {
  let sent: Gateway | undefined;
  const fake = fakeKube({
    objects: [gatewaysCRD({ limit: 213 }), gateway([seed, ...foreign])],
    refuse: (call, object) => {
      if (call.startsWith('update')) sent = object as Gateway;
      return undefined;
    },
  });
  expect(await proveCapacity(fake.kube, spec)).toEqual({ limit: 200, because: 'the range 20000-20199 has 200 ports' });
  expect(sent?.spec.listeners).toHaveLength(201);
  expect(fake.writes()).toEqual([]);
});

test('the lower of the limits in spec and status counts', async () => {
  const { kube } = fakeKube({ objects: [gatewaysCRD({ limit: 213, statusLimit: 64 }), gateway([seed])] });
  expect(await proveCapacity(kube, spec)).toMatchObject({ limit: 63 });
  const other = fakeKube({ objects: [gatewaysCRD({ limit: 64, statusLimit: 213 }), gateway([seed])] });
  expect(await proveCapacity(other.kube, spec)).toMatchObject({ limit: 63 });
});

test('tries again when the master or Contour was faster', async () => {
  let conflicts = 2;
  const { kube, calls } = fakeKube({
    objects: [gatewaysCRD({ limit: 213 }), gateway([seed])],
    refuse: (call) => (call.startsWith('update') && conflicts-- > 0 ? refusal(409, 'Conflict', 'modified') : undefined),
  });
  expect(await proveCapacity(kube, spec)).toMatchObject({ limit: 200 });
  expect(calls.filter((call) => call.startsWith('update'))).toHaveLength(3);
});

const tooMany = 'Gateway "tasks" is invalid: [spec.listeners: Too many: 201: must have at most 64 items, <nil>: ...]';
const costly =
  'spec.listeners: Invalid value: "array": \'operation cancelled: actual cost limit exceeded\': no further validation rules will be run due to call cost exceeds limit for rule: Listener name must be unique within the Gateway';

test.each([
  [tooMany, 'the Gateway CRD allows only 64 listeners', 'run `taskgate up` again'],
  [costly, 'checking that many listeners costs more than the API server allows (CEL)', 'above 213 removes'],
  ['must have at most 213 items', 'the Gateway CRD allows only 213 listeners', 'run `taskgate up` again'],
  [
    'rule cost exceeds budget',
    'checking that many listeners costs more than the API server allows (CEL)',
    'above 213 removes',
  ],
  [
    'call cost exceeds limit',
    'checking that many listeners costs more than the API server allows (CEL)',
    'above 213 removes',
  ],
  ['gateways is forbidden', 'gateways is forbidden', 'API server'],
])('explains %s', (message, seen, hint) => {
  expect(explainRefusal(message)).toEqual({ seen, hint: expect.stringContaining(hint) });
});

test('a refusal becomes an error with the number and the reason', async () => {
  const { kube } = fakeKube({
    objects: [gatewaysCRD({ limit: 213 }), gateway([seed])],
    refuse: (call) => (call.startsWith('update') ? refusal(422, 'Invalid', tooMany) : undefined),
  });
  await expect(proveCapacity(kube, spec)).rejects.toMatchObject({
    id: 'gateway.no-capacity',
    message: 'Gateway tasks does not accept 200 task listeners: the Gateway CRD allows only 64 listeners',
  });
});

test.each([
  ['no answer to the dry run', 'update', new TypeError('no such field')],
  ['no Gateway to try', 'get Gateway', refusal(403, 'Forbidden', 'gateways is forbidden')],
])('%s is not taken for a refusal', async (_, call, error) => {
  const { kube } = fakeKube({
    objects: [gatewaysCRD({ limit: 213 }), gateway([seed])],
    refuse: (seen) => (seen.startsWith(call) ? error : undefined),
  });
  await expect(proveCapacity(kube, spec)).rejects.toBe(error);
});
