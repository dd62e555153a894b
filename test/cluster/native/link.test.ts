import { expect, test } from 'vitest';
import { instanceHash, linkCommands, linkName, parseRoutes } from '../../../src/cluster/native/link.ts';
import { networkOf } from '../../../src/cluster/native/network.ts';

test('the name of a link fits into 15 characters and differs for each folder', () => {
  const [one, other] = ['/home/a/instances/dev', '/home/b/instances/dev'].map(linkName);
  expect(one).toBe(`tg-${instanceHash('/home/a/instances/dev')}`);
  expect(one?.length).toBeLessThanOrEqual(15);
  expect(other).not.toBe(one);
});

test('the pair is created in the namespace of the process, then both ends get address and route', () => {
  const lines = linkCommands('tg-1', 42, networkOf('10.210.0.0/16')).map((command) => command.join(' '));
  expect(lines[0]).toBe('ip link add tg-1 type veth peer name eth0 netns 42');
  expect(lines).toContain('nsenter --target 42 --net ip route add default via 10.210.255.1');
  expect(lines.at(-1)).toBe('ip route add 10.210.0.0/16 via 10.210.255.2');
});

test("the host's routes, without those of the instance's own link", () => {
  const routes = [{ dst: 'default', dev: 'eth0' }, { dst: '10.210.0.0/16', dev: 'tg-1' }, { dev: 'lo' }];
  expect(parseRoutes(JSON.stringify(routes), 'tg-1')).toEqual(['default']);
  expect(parseRoutes(JSON.stringify(routes), 'tg-2')).toEqual(['default', '10.210.0.0/16']);
});
