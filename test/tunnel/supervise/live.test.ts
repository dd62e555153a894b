import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { address, fakeDriver } from '../../fakes/tunnel-driver.ts';
import { answers, supervise } from '../../support/tunnel/supervise.ts';

const unreachable = new UserError('no route', { id: 'tunnel.ssh-unreachable' });
const unseen = { cause: 'no route from here', hint: 'fine if the cluster reaches it' };

test('an end that only pods reach is open: probes that fail from here do not end it', async () => {
  const { driver } = fakeDriver([address]);
  const far = {
    ...driver,
    open: async (input: Parameters<typeof driver.open>[0]) => ({ ...(await driver.open(input)), unseen }),
  };
  const { status, names, states } = supervise(far, { probe: answers('unreachable') });
  await expect.poll(() => status().state).toBe('open');
  await pause(200);
  expect(names()).toEqual(['starting', 'open']);
  expect(states).toHaveLength(2);
  expect(status()).toMatchObject({ detail: unseen.cause, hint: unseen.hint, restarts: 0 });
});

test('a new address of this host, as a Docker network brings one, does not end it either', async () => {
  const { driver, asked } = fakeDriver([address]);
  const far = {
    ...driver,
    open: async (input: Parameters<typeof driver.open>[0]) => ({ ...(await driver.open(input)), unseen }),
  };
  const { status } = supervise(far, {
    probe: answers('unreachable'),
    wait: async (_, signal) => {
      await pause(5, undefined, { signal });
      return 'network';
    },
  });
  await pause(200);
  expect(status()).toMatchObject({ state: 'open', restarts: 0 });
  expect(asked).toHaveLength(1);
});

test('once this host has reached such an end, it must stay so', async () => {
  const { driver } = fakeDriver([address]);
  const far = {
    ...driver,
    open: async (input: Parameters<typeof driver.open>[0]) => ({ ...(await driver.open(input)), unseen }),
  };
  const { status, names } = supervise(far, {
    probe: answers('unreachable', true, 'silence', 'silence', 'silence', 'unreachable'),
  });
  await expect.poll(() => status().restarts === 1 && status().state).toBe('open');
  expect(names()).toEqual(['starting', 'open', 'up', 'degraded', 'backoff', 'starting', 'open']);
});

test('a tunnel that was reached without a proxy is probed without one', async () => {
  const { driver } = fakeDriver([address]);
  const limits: unknown[] = [];
  const near = {
    ...driver,
    open: async (input: Parameters<typeof driver.open>[0]) => ({ ...(await driver.open(input)), isDirect: true }),
  };
  const { status } = supervise(near, {
    probe: async (_, given) => {
      limits.push(given.isDirect);
      return true;
    },
  });
  await expect.poll(() => status().state).toBe('up');
  expect(limits[0]).toBe(true);
});

test('why the last run failed is kept until one works', async () => {
  const { driver } = fakeDriver([unreachable, address]);
  const { status, states } = supervise(driver, { probe: answers('not yet', true) });
  await expect.poll(() => status().state).toBe('up');
  const failures = states.map(({ state, failure }) => [state, failure?.detail]);
  expect(failures).toEqual([
    ['starting', undefined],
    ['backoff', 'no route'],
    ['starting', 'no route'],
    ['probing', 'no route'],
    ['probing', 'no route'],
    ['up', undefined],
  ]);
});
