import { expect, test } from 'vitest';
import { isRaced, withRace } from '../../../src/proof/real-master/race.ts';
import { brokenOf, cluster, leftOf, localTask, scene } from '../../support/proof/real-master.ts';

const hop = (finding?: { cause: string; hint: string }) => ({
  ...{ direction: 'forward', from: 'master', to: '10.0.0.1:20000', ok: finding === undefined, evidence: 'seen' },
  ...(finding && { finding }),
});
const broken = [hop(), hop({ cause: 'the master has no proxy', hint: 'look' })] as Parameters<typeof withRace>[0];
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
