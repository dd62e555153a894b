import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { instanceHash } from '../../src/cluster/native/link.ts';
import { checkOutEarlier } from '../support/e2e/earlier-checkout.ts';
import { takeHostSnapshot } from '../support/e2e/host-snapshot.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

const name = 'upgrade';
let taskgate: Taskgate;
let earlier: Awaited<ReturnType<typeof checkOutEarlier>>;
let iptablesSave: readonly [string, ...string[]];

const snapshot = async () =>
  takeHostSnapshot({
    folders: [taskgate.stateHome, taskgate.cacheDir],
    marks: [instanceHash(taskgate.dirOf(name))],
    iptablesSave,
  });

beforeAll(async () => {
  taskgate = await makeTaskgate();
  earlier = await checkOutEarlier();
  const { binaries, env } = JSON.parse((await taskgate.run('prefetch', '--json')).stdout);
  const variables = Object.entries(env).map(([variable, value]) => `${variable}=${value}`);
  iptablesSave = ['env', ...variables, binaries['iptables-save']];
});
afterAll(async () => {
  await taskgate.close(name);
  await earlier?.remove();
});

test('an instance that an earlier version made, and that runs, is read, brought up, proven and taken down', async () => {
  const before = await snapshot();
  const made = await taskgate.runBy(earlier.program, 'up', '--provider', 'native', '--name', name);
  expect(ending(made)).toBe('exit 0');
  const status = await taskgate.run('status', '--name', name, '--json');
  expect(JSON.parse(status.stdout), status.stderr).toMatchObject([{ name }]);
  expect(ending(await taskgate.run('up', '--name', name))).toBe('exit 0');
  expect(ending(await taskgate.run('status', '--name', name))).toBe('exit 0');
  expect(ending(await taskgate.run('smoke', '--name', name))).toBe('exit 0');
  expect(ending(await taskgate.run('down', '--name', name))).toBe('exit 0');
  // the kernel takes namespaces apart a moment after their last process
  await expect.poll(snapshot, { timeout: 10_000, interval: 500 }).toEqual(before);
  expect(existsSync(taskgate.dirOf(name))).toBe(false);
});

test('one that was never touched by this version is taken down at once', async () => {
  const before = await snapshot();
  expect(ending(await taskgate.runBy(earlier.program, 'up', '--provider', 'native', '--name', name))).toBe('exit 0');
  expect(ending(await taskgate.run('down', '--name', name))).toBe('exit 0');
  await expect.poll(snapshot, { timeout: 10_000, interval: 500 }).toEqual(before);
  expect(existsSync(taskgate.dirOf(name))).toBe(false);
});
