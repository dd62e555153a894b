import { expect, test } from 'vitest';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { portsOf } from '../../../src/model/task-listener.ts';
import { addListeners, removeListeners } from '../../../src/proof/sample-task/listeners.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';
import { gateway } from '../../support/proof/local-path.ts';

const foreign = {
  ...gatewayRef(gateway),
  metadata: {
    ...gatewayRef(gateway).metadata,
    annotations: { 'determined.ai/det-gateway-port-20000': 'theirs.1', note: 'x' },
  },
  spec: {
    gatewayClassName: 'contour',
    infrastructure: { parametersRef: { group: 'g', kind: 'k', name: 'n' } },
    listeners: [
      { name: 'seed', port: 19999, protocol: 'TCP', allowedRoutes: { namespaces: { from: 'Same' } } },
      { name: 'det-20000', port: 20000, protocol: 'TCP', tls: { mode: 'Terminate' } },
    ],
  },
};
const wish = { allocationId: 'taskgate-a.1', wanted: 'lowest', count: 2 } as const;
const isSelected = (allocationId: string) => allocationId === wish.allocationId;
const conflicts = (count: number) => {
  let left = count;
  return (call: string) =>
    call.startsWith('update') && left-- > 0 ? refusal(409, 'Conflict', 'the object has been modified') : undefined;
};

test('adds listeners and annotations as the master writes them, and leaves all else alone', async () => {
  const { kube } = fakeKube({ objects: [foreign] });
  expect(await addListeners(kube, gateway, wish)).toEqual({ ports: [20001, 20002], notes: [] });
  const live = await kube.get<typeof foreign>(gatewayRef(gateway));
  const listener = (port: number) => ({
    name: `det-${port}`,
    port,
    protocol: 'TCP',
    allowedRoutes: { namespaces: { from: 'All' } },
  });
  expect(live.spec).toEqual({
    ...foreign.spec,
    listeners: [...foreign.spec.listeners, listener(20001), listener(20002)],
  });
  expect(live.metadata.annotations).toEqual({
    ...foreign.metadata.annotations,
    'determined.ai/det-gateway-port-20001': 'taskgate-a.1',
    'determined.ai/det-gateway-port-20002': 'taskgate-a.1',
  });
});

test('removal gives the Gateway back byte for byte', async () => {
  const { kube } = fakeKube({ objects: [foreign] });
  await addListeners(kube, gateway, wish);
  expect(await removeListeners(kube, gateway, isSelected)).toEqual([20001, 20002]);
  const { spec, metadata } = await kube.get<typeof foreign>(gatewayRef(gateway));
  expect(JSON.stringify(spec)).toBe(JSON.stringify(foreign.spec));
  expect(JSON.stringify(metadata.annotations)).toBe(JSON.stringify(foreign.metadata.annotations));
});

test('writes nothing when nothing of ours is there', async () => {
  const { kube, writes } = fakeKube({ objects: [foreign] });
  expect(await removeListeners(kube, gateway, isSelected)).toEqual([]);
  expect(writes()).toEqual([]);
});

test('an orphaned annotation of ours is removed too, without a listener', async () => {
  const annotations = { 'determined.ai/det-gateway-port-20005': wish.allocationId };
  const { kube } = fakeKube({ objects: [{ ...foreign, metadata: { ...foreign.metadata, annotations } }] });
  expect(await removeListeners(kube, gateway, isSelected)).toEqual([20005]);
  expect(portsOf(await kube.get(gatewayRef(gateway)), () => true)).toEqual([]);
});

test('reads again after a conflict, and takes the next ports when another writer got there first', async () => {
  const fake = fakeKube({
    objects: [foreign],
    refuse: (call) => {
      if (!call.startsWith('update') || fake.calls.filter((one) => one === call).length > 1) return undefined;
      const taken = { name: 'det-20001', port: 20001, protocol: 'TCP' };
      fake.put({ ...foreign, spec: { listeners: [...foreign.spec.listeners, taken] } } as typeof foreign);
      return refusal(409, 'Conflict', 'the object has been modified');
    },
  });
  expect((await addListeners(fake.kube, gateway, wish)).ports).toEqual([20002, 20003]);
});

test('tries five times, then lets the conflict through', async () => {
  const patient = fakeKube({ objects: [foreign], refuse: conflicts(4) });
  await addListeners(patient.kube, gateway, wish);
  expect(patient.writes()).toHaveLength(5);
  const hopeless = fakeKube({ objects: [foreign], refuse: conflicts(5) });
  await expect(addListeners(hopeless.kube, gateway, wish)).rejects.toMatchObject({ code: 409 });
  expect(hopeless.writes()).toHaveLength(5);
});

test('does not retry another refusal', async () => {
  const refuse = (call: string) => (call.startsWith('update') ? refusal(422, 'Invalid', 'Too many: 65') : undefined);
  const { kube, writes } = fakeKube({ objects: [foreign], refuse });
  await expect(addListeners(kube, gateway, wish)).rejects.toThrow('Too many: 65');
  expect(writes()).toHaveLength(1);
});

test('an update that was stored, though it seemed to fail, adds no second set', async () => {
  const fake = fakeKube({ objects: [foreign] });
  let updates = 0;
  const update: typeof fake.kube.update = async (object, options) => {
    await fake.kube.update(object, options);
    // the client's second try of it finds the new version
    if (updates++ === 0) throw refusal(409, 'Conflict', 'the object has been modified');
    return object;
  };
  expect(await addListeners({ ...fake.kube, update }, gateway, wish)).toEqual({ ports: [20001, 20002], notes: [] });
  const live = await fake.kube.get<typeof foreign>(gatewayRef(gateway));
  expect(portsOf(live as never, isSelected)).toEqual([20001, 20002]);
});

test('a port is not taken for one that begins alike', async () => {
  const owners = { 2000: wish.allocationId, 20000: 'theirs.1', 20001: 'theirs.2' };
  const key = (port: string) => `determined.ai/det-gateway-port-${port}`;
  const live = {
    ...foreign,
    metadata: {
      ...foreign.metadata,
      annotations: Object.fromEntries(Object.entries(owners).map(([port, owner]) => [key(port), owner])),
    },
    spec: {
      ...foreign.spec,
      listeners: Object.keys(owners).map((port) => ({ name: `det-${port}`, port: Number(port), protocol: 'TCP' })),
    },
  };
  const { kube } = fakeKube({ objects: [live] });
  expect(await removeListeners(kube, gateway, isSelected)).toEqual([2000]);
  const left = await kube.get<typeof live>(gatewayRef(gateway));
  expect(left.metadata.annotations).toEqual({ [key('20000')]: 'theirs.1', [key('20001')]: 'theirs.2' });
  expect(left.spec.listeners.map(({ name }) => name)).toEqual(['det-20000', 'det-20001']);
});
