import { expect, test } from 'vitest';
import { makeWait } from '../../../src/tunnel/supervise/wake.ts';

const { signal } = new AbortController();

test('waits its time, and no longer', async () => {
  const wait = makeWait();
  const begun = performance.now();
  expect(await wait(30, signal)).toBe('time');
  expect(performance.now() - begun).toBeGreaterThan(25);
  expect(await wait(0, signal)).toBe('time');
});

test.each([
  [['eth0 10.0.0.2'], ['eth0 10.0.0.2'], 'time'],
  [['eth0 10.0.0.2'], ['eth0 10.0.0.3'], 'network'],
  [['eth0 10.0.0.2'], ['eth0 10.0.0.2', 'wlan0 10.0.1.2'], 'network'],
  [[], ['eth0 10.0.0.2'], 'network'],
  [['eth0 10.0.0.2'], [], 'disturbed'],
])('addresses %j, then %j: %s', async (before, after, expected) => {
  let addresses: readonly string[] = before;
  const wait = makeWait({ now: Date.now, addresses: () => addresses });
  addresses = after;
  expect(await wait(1, signal)).toBe(expected);
  expect(await wait(1, signal)).toBe('time');
});

test('addresses that cannot be listed are the last ones', async () => {
  const list: { fail: boolean; seen: readonly string[] } = { fail: true, seen: ['eth0 10.0.0.2'] };
  const addresses = () => {
    if (list.fail) throw new Error('uv_interface_addresses returned Unknown system error 24');
    return list.seen;
  };
  expect(await makeWait({ now: Date.now, addresses })(1, signal)).toBe('time');
  list.fail = false;
  const wait = makeWait({ now: Date.now, addresses });
  list.fail = true;
  expect(await wait(1, signal)).toBe('time');
  list.fail = false;
  expect(await wait(1, signal)).toBe('time');
});

test('a clock that jumped while it waited tells of a sleep', async () => {
  let jumpMs = 0;
  const wait = makeWait({ now: () => Date.now() + jumpMs, addresses: () => [], beatMs: 50 });
  setTimeout(() => {
    jumpMs = 3_600_000;
  }, 10);
  expect(await wait(60_000, signal)).toBe('disturbed');
});

test('an abort gives its reason at once', async () => {
  const controller = new AbortController();
  const waiting = makeWait()(60_000, controller.signal);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(makeWait()(1, controller.signal)).rejects.toThrow('enough');
});
