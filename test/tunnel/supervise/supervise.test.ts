import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import type { TunnelState } from '../../../src/model/tunnel-status.ts';
import { nextBackoffMs } from '../../../src/tunnel/supervise/supervise.ts';
import { makeWait, type Waking } from '../../../src/tunnel/supervise/wake.ts';
import { address, fakeDriver } from '../../fakes/tunnel-driver.ts';
import { answers, quick, supervise } from '../../support/tunnel/supervise.ts';

const other = { ...address, port: 5000 };
const refused = new UserError('the key is refused', { id: 'tunnel.ssh-key', hint: 'add it' });
const unreachable = new UserError('no route', { id: 'tunnel.ssh-unreachable' });

test('is up once a nonce came back, not before', async () => {
  const { driver, asked } = fakeDriver([address]);
  const { status, names, states } = supervise(driver, { probe: answers('not yet', true) });
  await expect.poll(() => status().state).toBe('up');
  expect(names()).toEqual(['starting', 'probing', 'up']);
  expect(states.map(({ detail }) => detail)).toContain('not yet');
  expect(status()).toMatchObject({ kind: 'ssh', target: 'ssh fake.example', address, restarts: 0 });
  expect(status().detail).toBeUndefined();
  expect(status().proven?.latencyMs).toBeGreaterThanOrEqual(0);
  expect(asked).toMatchObject([{ localPort: 1234 }]);
});

test('a program that ends is started again at once, on the same address', async () => {
  const { driver, runs, asked } = fakeDriver([address]);
  const { status, names } = supervise(driver, { wait: makeWait() });
  await expect.poll(() => status().state).toBe('up');
  const droppedAt = performance.now();
  runs[0]?.drop('exited with 255: closed by remote host');
  await expect.poll(() => status().state).toBe('backoff');
  expect(status().detail).toBe('exited with 255: closed by remote host; restarts in 0.25s');
  await expect.poll(() => status().state).toBe('up');
  expect(performance.now() - droppedAt).toBeLessThan(1_000);
  expect(names()).toEqual(['starting', 'probing', 'up', 'backoff', 'starting', 'probing', 'up']);
  expect(status().restarts).toBe(1);
  expect(asked[1]?.previous).toEqual(address);
});

test('nonces that no longer come back degrade it; the third in a row starts it again', async () => {
  const { driver, runs } = fakeDriver([address]);
  const { status, names, states } = supervise(driver, { probe: answers(true, 'silence', 'silence', 'silence', true) });
  await expect.poll(() => status().restarts === 1 && status().state).toBe('up');
  expect(names()).toEqual(['starting', 'probing', 'up', 'degraded', 'backoff', 'starting', 'probing', 'up']);
  expect(states.find(({ state }) => state === 'degraded')?.detail).toBe('silence');
  expect(runs.map(({ isClosed }) => isClosed())).toEqual([true, false]);
});

test('one that comes back in time recovers without a restart', async () => {
  const { driver } = fakeDriver([address]);
  const { status, names } = supervise(driver, { probe: answers(true, 'silence', 'silence', true) });
  await expect.poll(names).toEqual(['starting', 'probing', 'up', 'degraded', 'up']);
  expect(status().restarts).toBe(0);
});

test('what only the user can mend ends it, with what to do', async () => {
  const { driver, asked } = fakeDriver([refused], [refused.id]);
  const { status, failed } = supervise(driver);
  await failed;
  expect(status()).toMatchObject({
    state: 'failed',
    detail: 'the key is refused',
    hint: 'add it',
    errorId: refused.id,
  });
  expect(asked).toHaveLength(1);
});

test('anything else is tried again, with its reason', async () => {
  const { driver } = fakeDriver([unreachable, unreachable, address]);
  const { status, states } = supervise(driver);
  await expect.poll(() => status().state, { timeout: 3_000 }).toBe('up');
  const details = states.filter(({ state }) => state === 'backoff').map(({ detail }) => detail);
  expect(details).toEqual(['no route; restarts in 0.25s', 'no route; restarts in 0.5s']);
});

test('once it was up, the pauses begin anew with the shortest', async () => {
  const { driver, runs } = fakeDriver([unreachable, unreachable, unreachable, address, unreachable, address]);
  const pauses: number[] = [];
  const wait = async (ms: number, signal: AbortSignal) => {
    signal.throwIfAborted();
    if (ms >= 250) pauses.push(ms);
    await pause(Math.min(ms, quick.openTimeoutMs), undefined, { signal });
    return 'time' as const;
  };
  const { status } = supervise(driver, { wait, timings: { ...quick, openTimeoutMs: 60 } });
  await expect.poll(() => status().state).toBe('up');
  expect(pauses).toEqual([250, 500, 1_000]);
  runs[0]?.drop('exited with 255');
  await expect.poll(() => status().restarts === 5 && status().state).toBe('up');
  expect(pauses.slice(3)).toEqual([250, 500]);
});

test('a public end that does not come in time is given up', async () => {
  const { driver } = fakeDriver(['hangs', address]);
  const { status, states } = supervise(driver);
  await expect.poll(() => status().state, { timeout: 2_000 }).toBe('up');
  expect(states.map(({ detail }) => detail)).toContain(
    'ssh fake.example has no public end after 0.06s; restarts in 0.25s',
  );
});

test('another address is reported; the one from an earlier daemon is requested', async () => {
  const { driver, asked, runs } = fakeDriver([address, other]);
  const { status, moves } = supervise(driver, { previous: address });
  await expect.poll(() => status().state).toBe('up');
  expect(asked[0]?.previous).toEqual(address);
  expect(moves).toEqual([]);
  runs[0]?.drop('ended');
  await expect.poll(() => status().address).toEqual(other);
  expect(moves).toEqual(['4000 to 5000']);
});

test('an abort ends the program first, then everything', async () => {
  const { driver, runs } = fakeDriver([address]);
  const { status, failed, stop } = supervise(driver);
  await expect.poll(() => status().state).toBe('up');
  stop();
  await expect(failed).rejects.toThrow('over');
  expect(runs[0]?.isClosed()).toBe(true);
});

test.each(['hangs', unreachable] as const)('an abort also ends what is on its way: %s', async (opening) => {
  const { driver } = fakeDriver([opening]);
  const { failed, stop } = supervise(driver);
  setTimeout(stop, 20);
  await expect(failed).rejects.toThrow('over');
});

test('a bug in a driver ends its tunnel for good, and nothing beside it', async () => {
  const { driver } = fakeDriver([new TypeError('x is undefined')]);
  const { failed, status } = supervise(driver);
  await failed;
  expect(status()).toMatchObject({
    state: 'failed',
    detail: 'a bug in taskgate: x is undefined',
    errorId: 'tunnel.bug',
    hint: 'report it; taskgate tunnel up opens the tunnel again',
  });
});

/** A wait that ends as told once, in the wait that is this long, and else when its time is over or it is aborted. */
const waking = (once: Waking, inWaitOfMs: number) => {
  let isTold = false;
  return async (ms: number, signal: AbortSignal): Promise<Waking> => {
    if (!isTold && ms === inWaitOfMs) {
      isTold = true;
      return once;
    }
    await pause(ms, undefined, { signal });
    return 'time';
  };
};

test('after a new network one lost nonce is enough', async () => {
  const { driver } = fakeDriver([address]);
  const probe = answers(true, 'silence', true);
  const { names } = supervise(driver, { probe, wait: waking('network', quick.livenessMs) });
  await expect
    .poll(names)
    .toEqual(['starting', 'probing', 'up', 'degraded', 'backoff', 'starting', 'probing', 'up'] satisfies TunnelState[]);
});

test('an attempt that began in another network is made anew', async () => {
  const { driver, asked } = fakeDriver(['hangs', address]);
  const timings = { ...quick, openTimeoutMs: 60_000 };
  const { states, status } = supervise(driver, { timings, wait: waking('network', 60_000) });
  await expect.poll(() => status().state).toBe('up');
  expect(asked).toHaveLength(2);
  expect(states.map(({ detail }) => detail)).toContain(
    'this host got another address while ssh fake.example was being opened; restarts in 0.25s',
  );
});

test('after a sleep the nonce has the usual chances', async () => {
  const { driver } = fakeDriver([address]);
  const probe = answers(true, 'silence', true);
  const { names } = supervise(driver, { probe, wait: waking('disturbed', quick.livenessMs) });
  await expect.poll(names).toEqual(['starting', 'probing', 'up', 'degraded', 'up'] satisfies TunnelState[]);
});

test.each([
  [0, true, 250],
  [1, true, 500],
  [3, true, 1_000],
  [90, true, 1_000],
  [3, false, 2_000],
  [6, false, 16_000],
  [90, false, 30_000],
])('after %s failed runs (network: %s) it waits %s ms', (failures, isNetwork, expected) => {
  expect(nextBackoffMs(failures, isNetwork)).toBe(expected);
});
