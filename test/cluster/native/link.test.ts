import { expect, test } from 'vitest';
import { instanceHash, linkCommands, linkName } from '../../../src/cluster/native/link.ts';
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
