import { expect, test } from 'vitest';
import { type Clocks, deadlineAfter, makeExpiry, readClocks } from '../../src/daemon/expiry.ts';

const hourMs = 3_600_000;
const start = Date.parse('2026-01-01T00:00:00.000Z');

/** Two clocks that a test moves. */
const setClocks = () => {
  const time = { calendar: start, sinceBoot: 5_000 };
  const clocks: Clocks = { calendar: () => time.calendar, sinceBoot: () => time.sinceBoot };
  const pass = (ms: number): void => {
    time.calendar += ms;
    time.sinceBoot += ms;
  };
  return { time, clocks, pass };
};

test('ends at its time', async () => {
  const { clocks, pass } = setClocks();
  const expiry = await makeExpiry(deadlineAfter(await readClocks(clocks), 1), { clocks });
  expect(expiry.until()).toBe('2026-01-01T01:00:00.000Z');
  pass(hourMs - 1);
  expect(expiry.isOver()).toBe(false);
  pass(1);
  expect(expiry.isOver()).toBe(true);
});

test.each([
  ['set back by an hour', -hourMs],
  ['set back by a year', -365 * 24 * hourMs],
])('a calendar that is %s prolongs nothing', async (_, step) => {
  const { time, clocks, pass } = setClocks();
  const expiry = await makeExpiry(deadlineAfter(await readClocks(clocks), 1), { clocks });
  time.calendar += step;
  pass(hourMs - 1);
  expect(expiry.isOver()).toBe(false);
  pass(1);
  expect(expiry.isOver()).toBe(true);
});

test('a calendar that is set forward ends it early: the first clock wins', async () => {
  const { time, clocks } = setClocks();
  const expiry = await makeExpiry(deadlineAfter(await readClocks(clocks), 1), { clocks });
  time.calendar += hourMs;
  expect(expiry.isOver()).toBe(true);
});

test('a daemon that starts again takes over both clocks, not only the calendar', async () => {
  const { time, clocks, pass } = setClocks();
  const deadline = deadlineAfter(await readClocks(clocks), 1);
  pass(hourMs / 2);
  time.calendar -= 10 * hourMs;
  const again = await makeExpiry(JSON.parse(JSON.stringify(deadline)), { clocks });
  pass(hourMs / 2);
  expect(again.isOver()).toBe(true);
});

test('after a reboot, and of a spec of an older version, the calendar counts; from then on both', async () => {
  for (const boot of [{ id: 'another', untilMs: 1 }, undefined]) {
    const { time, clocks, pass } = setClocks();
    const until = new Date(start + hourMs).toISOString();
    const expiry = await makeExpiry({ until, ...(boot && { boot }) }, { clocks });
    expect(expiry.isOver()).toBe(false);
    time.calendar -= hourMs;
    pass(hourMs);
    expect(expiry.isOver()).toBe(true);
  }
});

test.each(['', 'soon', '2026-13-45'])('a time that cannot be read is over: %j', async (until) => {
  const { clocks } = setClocks();
  expect((await makeExpiry({ until }, { clocks })).isOver()).toBe(true);
});

test('none never ends, an exempt one has no time meanwhile', async () => {
  const { clocks, pass } = setClocks();
  let isExempt = true;
  const deadline = deadlineAfter(await readClocks(clocks), 1);
  const [none, exempt] = [
    await makeExpiry(undefined, { clocks }),
    await makeExpiry(deadline, { clocks, isExempt: () => isExempt }),
  ];
  pass(2 * hourMs);
  expect([none.isOver(), exempt.isOver(), exempt.until()]).toEqual([false, false, undefined]);
  isExempt = false;
  expect([exempt.isOver(), exempt.until()]).toEqual([true, deadline.until]);
});

test('waits for its end, for an extension, and for no longer than the signal', async () => {
  const { clocks, pass } = setClocks();
  const { signal } = new AbortController();
  const expiry = await makeExpiry(deadlineAfter(await readClocks(clocks), 1), { clocks, beatMs: 1 });
  const over = expiry.whenOver(signal);
  pass(hourMs);
  await over;
  const extended = expiry.whenExtended(signal);
  expiry.set(deadlineAfter(await readClocks(clocks), 1));
  await extended;
  const controller = new AbortController();
  const waiting = expiry.whenOver(controller.signal);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

test('who waits is woken by the time itself and by a new deadline, however rarely the clocks are looked at', async () => {
  const { signal } = new AbortController();
  const soon = { until: new Date(Date.now() + 100).toISOString() };
  const expiry = await makeExpiry(soon, { beatMs: 3_600_000 });
  await expiry.whenOver(signal);
  expect(expiry.isOver()).toBe(true);
  const extended = expiry.whenExtended(signal);
  expiry.set(undefined);
  await extended;
  expect(expiry.isOver()).toBe(false);
  const over = expiry.whenOver(signal);
  expiry.set({ until: '2020-01-01T00:00:00.000Z' });
  await over;
  expect(expiry.isOver()).toBe(true);
});
