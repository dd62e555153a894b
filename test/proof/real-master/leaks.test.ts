import { expect, test } from 'vitest';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { type Held, verifyNothingLeft } from '../../../src/proof/real-master/leaks.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { gateway } from '../../support/proof/local-path.ts';

const task = { taskId: 'a', allocationId: 'a.1', namespace: 'default', gateway };
const kinds = [
  ...['batch/v1/Job', 'v1/Service', 'v1/ConfigMap', 'v1/Pod', 'gateway.networking.k8s.io/v1alpha2/TCPRoute'],
  'scheduling.k8s.io/v1/PriorityClass',
];

/** The Gateway after a task with port 20000 was killed: its listeners, and whose annotation has which port. */
const gatewayWith = (ports: readonly number[], owners: Readonly<Record<number, string>>) => ({
  ...gatewayRef(gateway),
  metadata: {
    ...gatewayRef(gateway).metadata,
    annotations: Object.fromEntries(
      Object.entries(owners).map(([port, owner]) => [`determined.ai/det-gateway-port-${port}`, owner]),
    ),
  },
  spec: { listeners: ports.map((port) => ({ name: `det-${port}`, port, protocol: 'TCP' })) },
});

const service = (name: string, determined: string) => ({
  ...{ apiVersion: 'v1', kind: 'Service' },
  metadata: { name, namespace: 'default', labels: { determined } },
});

const verify = (objects: Parameters<typeof fakeKube>[0], held: Held = { ports: [20_000], objects: ['Service a-0'] }) =>
  verifyNothingLeft(fakeKube({ kinds, ...objects }).kube, task, { held, timeoutMs: 30, pauseMs: 5 });

test.each<[string, readonly number[], Readonly<Record<number, string>>]>([
  ['nothing is left of it', [], {}],
  ['another task has its port by now', [20_000], { 20000: 'b.1' }],
  // one that begins alike is another one
  ['a task of a like name has its port by now', [20_000, 20_001], { 20000: 'a.10', 20001: 'aa.1' }],
])('a task left nothing where %s', async (_, ports, owners) => {
  const objects = [gatewayWith(ports, owners), service('a-0', 'a.10')];
  expect(await verify({ objects })).toEqual(['listener det-20000 and its annotation', 'Service a-0']);
});

test.each<[string, readonly number[], Readonly<Record<number, string>>, string]>([
  ['a listener of nobody', [20_000], {}, 'listener det-20000'],
  ['an annotation alone', [], { 20000: 'a.1' }, 'annotation of port 20000'],
  ['both', [20_000], { 20000: 'a.1' }, 'listener det-20000, annotation of port 20000'],
  ['a port that was not seen before', [20_001], { 20001: 'a.1' }, 'annotation of port 20001'],
])('what it left is told: %s', async (_, ports, owners, left) => {
  await expect(verify({ objects: [gatewayWith(ports, owners)] })).rejects.toMatchObject({
    id: 'proof.leak',
    message: expect.stringMatching(new RegExp(`left behind: ${left}$`)),
  });
});

test('an object with its label is left, too', async () => {
  await expect(verify({ objects: [gatewayWith([], {}), service('a-0', 'a.1')] })).rejects.toThrow(
    /left behind: Service a-0$/,
  );
});

const priority = (name: string) => ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name } });

test('its priority, which has no label, is left, too; that of a task of a like name is not its own', async () => {
  const empty = gatewayWith([], {});
  await expect(verify({ objects: [empty, priority('a.1-priorityclass')] })).rejects.toThrow(
    /left behind: PriorityClass a\.1-priorityclass$/,
  );
  const others = [priority('a.10-priorityclass'), priority('aa.1-priorityclass')];
  expect(await verify({ objects: [empty, ...others] })).toHaveLength(2);
});

test('a Gateway that is gone holds nothing', async () => {
  const held = { ports: [20_000], objects: [] };
  const gatewayKind = 'gateway.networking.k8s.io/v1/Gateway';
  expect(await verify({ kinds: [...kinds, gatewayKind] }, held)).toEqual(['listener det-20000 and its annotation']);
});

const job = (metadata: object = {}) => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job' },
  metadata: { name: 'det-x', namespace: 'default', labels: { determined: 'a.1' }, ...metadata },
});

// recorded with an account that lacks one verb
test.each<[string, Parameters<typeof fakeKube>[0], RegExp]>([
  ['a Job', { objects: [gatewayWith([], {}), job()] as never }, /^the user of the master needs delete on jobs:/],
  ['a Service', { objects: [gatewayWith([], {}), service('a-0', 'a.1')] }, /needs delete on services/],
  ['a listener', { objects: [gatewayWith([20_000], {})] }, /needs get and update on the Gateway/],
  [
    'all',
    { objects: [gatewayWith([20_000], {}), job(), service('a-0', 'a.1')] as never },
    /^does the user of the master/,
  ],
])('the right that is missing is told by what stays: %s', async (_, input, hint) => {
  const held = { ports: [20_000], objects: ['Job det-x', 'Service a-0'] };
  await expect(verify(input, held)).rejects.toMatchObject({ id: 'proof.leak', hint: expect.stringMatching(hint) });
});

test('what does not change any more is not waited for', async () => {
  const { kube } = fakeKube({ kinds, objects: [gatewayWith([], {}), service('a-0', 'a.1')] });
  const options = { held: { ports: [], objects: ['Service a-0'] }, timeoutMs: 60_000, pauseMs: 5, quietMs: 50 };
  await expect(verifyNothingLeft(kube, task, options)).rejects.toMatchObject({
    id: 'proof.leak',
    message: 'Removal of task a by the master: nothing changes any more; left behind: Service a-0',
  });
});
