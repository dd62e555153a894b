import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  blockCommand,
  blockNetwork,
  isBlockOf,
  listBlocked,
  unblockGone,
  unblockNetworks,
} from '../../../src/cluster/native/block.ts';
import { linkName } from '../../../src/cluster/native/link.ts';
import { listRoutesCommand } from '../../../src/cluster/native/routes.ts';
import { hasBlock, listBlockNames, rememberBlock } from '../../../src/instance/blocked.ts';
import { instanceDirOf } from '../../../src/instance/paths.ts';
import { fakeRunner } from '../../fakes/runner.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'tg-'));
afterAll(() => rmSync(stateDir, { recursive: true }));

const [dir, other] = [instanceDirOf(stateDir, 'dev'), instanceDirOf(stateDir, 'other')];
const cidr = '10.210.0.0/16';
const list = listRoutesCommand.join(' ');

const metricOf = (instanceDir: string): number => Number(blockCommand(instanceDir, cidr)[6]);
/** As `ip -json -4 route show table all` of iproute2 6.1 prints one. */
const block = (instanceDir: string, dst = cidr) => ({
  ...{ type: 'unreachable', dst, protocol: '214', metric: metricOf(instanceDir), flags: [] },
});
const unblock = (instanceDir: string, dst = cidr) =>
  `ip route delete unreachable ${dst} metric ${metricOf(instanceDir)} proto 214`;

const defaultRoute = { dst: 'default', gateway: '192.0.2.1', dev: 'eth0', flags: [] };
const runnerWith = (routes: readonly object[], more = {}) =>
  fakeRunner({ [list]: JSON.stringify([defaultRoute, ...routes]), ...more });

test('a block is a route of its own protocol, behind every other of its network', () => {
  expect(blockCommand(dir, cidr).join(' ')).toMatch(
    /^ip route replace unreachable 10\.210\.0\.0\/16 metric \d+ proto 214$/,
  );
  expect(metricOf(dir)).toBeGreaterThanOrEqual(2 ** 30);
  expect(metricOf(dir)).toBeLessThan(2 ** 31);
});

test('its metric tells whose it is', () => {
  expect(isBlockOf(dir, { metric: metricOf(dir) })).toBe(true);
  expect(isBlockOf(other, { metric: metricOf(dir) })).toBe(false);
});

test('a network that lies in nothing but the default route is blocked', async () => {
  const { runner, calls } = runnerWith([], { [blockCommand(dir, cidr).join(' ')]: '' });
  await blockNetwork(dir, cidr, runner);
  expect(calls).toEqual([list, blockCommand(dir, cidr).join(' ')]);
  // also when the folder is gone
  expect(await listBlockNames(stateDir)).toEqual(['dev']);
});

test('what the instance kept unreachable in an earlier life is taken back with it', async () => {
  const before = [block(dir, '10.215.0.0/16'), block(other, '10.216.0.0/16')];
  const steps = [unblock(dir, '10.215.0.0/16'), blockCommand(dir, cidr).join(' ')];
  const { runner, calls } = runnerWith(before, Object.fromEntries(steps.map((step) => [step, ''])));
  await blockNetwork(dir, cidr, runner);
  expect(calls).toEqual([list, ...steps]);
});

test("one inside a network that the host routes, such as a VPN's, is not: behind it may be the user's own", async () => {
  const { runner, calls } = runnerWith([{ dst: '10.0.0.0/8', dev: 'tun0', flags: [] }]);
  await blockNetwork(dir, cidr, runner);
  expect(calls).toEqual([list]);
  expect(await hasBlock(dir)).toBe(false);
});

test('a kernel that refuses the route is named', async () => {
  const { runner } = runnerWith([], {
    [blockCommand(dir, cidr).join(' ')]: { exitCode: 2, stderr: 'RTNETLINK answers: Operation not permitted' },
  });
  await expect(blockNetwork(dir, cidr, runner)).rejects.toMatchObject({
    id: 'environment.machine',
    message: expect.stringContaining('does not take an unreachable route for 10.210.0.0/16'),
    hint: expect.stringContaining('as root: ip route replace unreachable'),
  });
  const unread = fakeRunner({ [list]: { exitCode: 1, stderr: 'Option "-json" is unknown' } });
  await expect(blockNetwork(dir, cidr, unread.runner)).rejects.toMatchObject({ id: 'environment.machine' });
});

test("an instance's own blocks are taken back, and those of others stay", async () => {
  const routes = [block(dir), block(other, '10.211.0.0/16'), { ...block(dir, '10.9.0.0/16'), protocol: 'static' }];
  const { runner, calls } = runnerWith(routes, { [unblock(dir)]: '' });
  await rememberBlock(dir, cidr);
  expect(await unblockNetworks(dir, runner)).toEqual([cidr]);
  expect(calls).toEqual([list, unblock(dir)]);
  expect(await hasBlock(dir)).toBe(false);
  expect(await listBlocked(dir, runner)).toEqual([cidr]);
});

test('one that somebody else took back meanwhile is gone, one that stays is an error with what to do', async () => {
  const refused = { [unblock(dir)]: { exitCode: 2, stderr: 'RTNETLINK answers: No such process' } };
  const { runner } = runnerWith([block(dir)], refused);
  await rememberBlock(dir, cidr);
  await expect(unblockNetworks(dir, runner)).rejects.toMatchObject({
    id: 'environment.machine',
    message: expect.stringMatching(/does not take back the unreachable route for 10\.210.*No such process/),
    hint: expect.stringContaining(`as root: ${unblock(dir)}`),
  });
  expect(await hasBlock(dir)).toBe(true);
  let lists = 0;
  const gone = runnerWith([], refused);
  const first = runnerWith([block(dir)], refused);
  const between: typeof runner = (command, options) =>
    (command.join(' ') === list && lists++ > 0 ? gone : first).runner(command, options);
  expect(await unblockNetworks(dir, between)).toEqual([cidr]);
});

test('of instances that are gone, but not of a node that runs on without its folder', async () => {
  const routes = [
    block(dir),
    block(other, '10.211.0.0/16'),
    { dst: '10.211.0.0/16', gateway: '10.211.255.2', dev: linkName(other), flags: [] },
  ];
  const { runner, calls } = runnerWith(routes, { [unblock(dir)]: '' });
  expect(await unblockGone([dir, other], runner)).toEqual([cidr]);
  expect(await unblockGone([], runner)).toEqual([]);
  expect(calls).toEqual([list, list, unblock(dir)]);
});
