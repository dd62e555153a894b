import { expect, test } from 'vitest';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { isRaced, withRace } from '../../../src/proof/real-master/race.ts';
import { gateway as anyGateway } from '../../support/proof/local-path.ts';
import { brokenOf, cluster, leftOf, localTask, scene, seed } from '../../support/proof/real-master.ts';

const hop = (finding?: { cause: string; hint: string }) => ({
  ...{ direction: 'forward', from: 'master', to: '10.0.0.1:20000', ok: finding === undefined, evidence: 'seen' },
  ...(finding && { finding }),
});
const noProxy = { cause: 'the master has no proxy for the running task: 404', hint: 'look' };
const broken = [hop(), hop(noProxy)] as Parameters<typeof withRace>[0];
const made = ['created gateway proxy listeners2 [20000]', 'created gateway proxy resources'];
const unregistered = { outcome: 'unregistered', seen: '404' } as const;

test('a task whose log has all that it needs, and which is not registered, met the race', () => {
  expect(isRaced(withRace(broken, unregistered, made))).toBe(true);
});

test.each([
  ['listeners alone were made', unregistered, made.slice(0, 1)],
  ['nothing is logged', unregistered, []],
  ['another answer came', { outcome: 'unreachable', seen: '502' } as const, made],
])('no race: %s', (_, proxied, logs) => {
  const hops = withRace(broken, proxied, logs);
  expect(hops).toEqual(broken);
  expect(isRaced(hops)).toBe(false);
});

test('only the hop without a proxy gets it: a task whose listener is on another Gateway keeps that cause', () => {
  const elsewhere = {
    cause: 'the master created no listener for the task on Gateway g/a, but one on g/b',
    hint: 'look',
  };
  const other = [hop(elsewhere)] as Parameters<typeof withRace>[0];
  expect(withRace(other, unregistered, made)).toEqual(other);
  const both = [...broken, ...other];
  expect(withRace(both, unregistered, made).map(({ finding }) => finding?.cause)).toEqual([
    undefined,
    expect.stringMatching(/^the task ran before its listeners/),
    elsewhere.cause,
  ]);
});

test('no second task is tried where the listeners are on another Gateway', async () => {
  const objects = ['contour', 'other'].map((name) => ({
    ...gatewayRef({ ...anyGateway, name }),
    spec: { listeners: [seed] },
  }));
  const fake = cluster({ objects: objects as KubeObject[] });
  await using task = await localTask(fake);
  const otherGateway = { name: 'other', namespace: 'projectcontour' };
  await using it = await scene(fake, task.port, { misbehaviour: { otherGateway, forgetsProxy: true } });
  const proven = await it.prove();
  expect(brokenOf(proven)?.finding?.cause).toMatch(/, but one on Gateway projectcontour\/other$/);
  expect(proven.notes).toEqual([]);
  expect(fake.writes().filter((call) => call.startsWith('create Job'))).toHaveLength(1);
});

test('a second task is tried, which proves every hop; the note tells of the first', async () => {
  const fake = cluster();
  await using task = await localTask(fake);
  await using it = await scene(fake, task.port, { misbehaviour: { forgetsProxy: 'once' } });
  const proven = await it.prove();
  expect(brokenOf(proven)).toBeUndefined();
  expect(proven).toMatchObject({ ok: true, notes: [expect.stringMatching(/^the first task met a race: /)] });
  expect(it.logins()).toBe(1);
  expect(leftOf(fake)).toEqual([]);
});

test('a master that registers neither of two is told to lose them in the race', async () => {
  const fake = cluster();
  await using task = await localTask(fake);
  await using it = await scene(fake, task.port, { misbehaviour: { forgetsProxy: true } });
  const proven = await it.prove();
  expect(proven.ok).toBe(false);
  expect(brokenOf(proven)?.finding?.cause).toMatch(/^the task ran before its listeners were made/);
  expect(fake.writes().filter((call) => call.startsWith('create Job'))).toHaveLength(2);
  expect(leftOf(fake)).toEqual([]);
});
