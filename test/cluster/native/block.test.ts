import { expect, test } from 'vitest';
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
import { fakeRunner } from '../../fakes/runner.ts';

const [dir, other] = ['/state/instances/dev', '/state/instances/other'];
const cidr = '10.210.0.0/16';
const list = listRoutesCommand.join(' ');

const metricOf = (instanceDir: string): number => Number(blockCommand(instanceDir, cidr)[6]);
/** As `ip -json -4 route show table all` of iproute2 6.1 prints one. */
const block = (instanceDir: string, dst = cidr) => ({
  ...{ type: 'unreachable', dst, protocol: '214', metric: metricOf(instanceDir), flags: [] },
});
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
  expect(await blockNetwork(dir, cidr, runner)).toBe(true);
  expect(calls).toEqual([list, blockCommand(dir, cidr).join(' ')]);
});

test("one inside a network that the host routes, such as a VPN's, is not: behind it may be the user's own", async () => {
  const { runner, calls } = runnerWith([{ dst: '10.0.0.0/8', dev: 'tun0', flags: [] }]);
  expect(await blockNetwork(dir, cidr, runner)).toBe(false);
  expect(calls).toEqual([list]);
});

test('a kernel that refuses the route is named', async () => {
  const { runner } = runnerWith([], {
    [blockCommand(dir, cidr).join(' ')]: { exitCode: 2, stderr: 'RTNETLINK answers: Operation not permitted' },
  });
  await expect(blockNetwork(dir, cidr, runner)).rejects.toMatchObject({
    id: 'environment.machine',
    message: expect.stringContaining('does not take an unreachable route for 10.210.0.0/16'),
  });
});

const unblock = (instanceDir: string, dst = cidr) =>
  `ip route delete unreachable ${dst} metric ${metricOf(instanceDir)} proto 214`;

test("an instance's own blocks are taken back, and those of others stay", async () => {
  const routes = [block(dir), block(other, '10.211.0.0/16'), { ...block(dir, '10.9.0.0/16'), protocol: 'static' }];
  const { runner, calls } = runnerWith(routes, { [unblock(dir)]: '' });
  expect(await unblockNetworks(runner, (one) => isBlockOf(dir, one))).toEqual([cidr]);
  expect(calls).toEqual([list, unblock(dir)]);
  expect(await listBlocked(dir, runner)).toEqual([cidr]);
});

test('one that somebody else took back meanwhile is gone, one that stays is an error', async () => {
  const refused = { [unblock(dir)]: { exitCode: 2, stderr: 'RTNETLINK answers: No such process' } };
  const { runner } = runnerWith([block(dir)], refused);
  await expect(unblockNetworks(runner, () => true)).rejects.toThrow('No such process');
  let lists = 0;
  const gone = runnerWith([], refused);
  const first = runnerWith([block(dir)], refused);
  const between: typeof runner = (command, options) =>
    (command.join(' ') === list && lists++ > 0 ? gone : first).runner(command, options);
  expect(await unblockNetworks(between, () => true)).toEqual([cidr]);
});

test('of instances that are gone: neither with a folder nor with a link', async () => {
  const [third, fourth] = ['/home/b/instances/dev', '/state/instances/gone'];
  const routes = [
    block(dir),
    block(third, '10.211.0.0/16'),
    { dst: '10.211.0.0/16', gateway: '10.211.255.2', dev: linkName(third), flags: [] },
    block(fourth, '10.212.0.0/16'),
  ];
  const { runner } = runnerWith(routes, { [unblock(fourth, '10.212.0.0/16')]: '' });
  expect(await unblockGone(runner, [dir])).toEqual(['10.212.0.0/16']);
});
