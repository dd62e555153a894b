import { expect, test } from 'vitest';
import type { ClosedContext } from '../../../src/proof/closed/closed.ts';
import { findOtherSource, otherSource } from '../../../src/proof/closed/other-source.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { sampleCluster } from '../../support/proof/fake-cluster.ts';
import { freePort, gateway, httpServer, masterAt } from '../../support/proof/local-path.ts';

const info = (address: string, internal = false) => ({
  ...{ address, internal, netmask: '255.255.255.0', mac: '00:00:00:00:00:00', cidr: `${address}/24` },
  family: 'IPv4' as const,
});
const interfaces = {
  lo: [info('127.0.0.1', true)],
  eth0: [info('169.254.7.7'), info('192.0.2.7')],
  link: [info('10.210.255.1')],
};

test.each([
  [['10.210.255.1/32'], '192.0.2.7'],
  [['192.0.2.0/24'], '10.210.255.1'],
  [['192.0.2.0/24', '10.0.0.0/8'], undefined],
  [[], '192.0.2.7'],
])('with %j allowed, the other address is %s', (allowFrom, other) =>
  expect(findOtherSource(allowFrom, interfaces)).toBe(other));

test('the address of a bridge is none: what leaves from it may get an allowed source', () => {
  const withBridge = { 'br-1': [info('192.168.49.1')], ...interfaces };
  const isBridge = (name: string) => name.startsWith('br-');
  expect(findOtherSource(['10.210.255.1/32'], withBridge, isBridge)).toBe('192.0.2.7');
});

const contextFor = (port: number): ClosedContext => ({
  kube: sampleCluster().kube,
  task: {
    ...nameSampleTask({ instance: 'dev' }, 'default'),
    exposures: [{ protocol: 'http', podPort: 8080, listenerPort: port, name: 'sample-0' }],
    notes: [],
  },
  ...{ podName: 'sample', gateway, master: masterAt(8080) },
});
/** A second loopback address plays another address of the host. */
const other = { lo: [info('127.0.0.2')] };

test('an answer to the other address is a finding', async () => {
  await using server = await httpServer('anything');
  const check = otherSource('127.0.0.1', ['127.0.0.1/32'], other);
  expect(check).toMatchObject({ from: '127.0.0.2 (not allowed)', to: 'task ports at 127.0.0.1' });
  expect(await check.attempt(contextFor(server.port))).toMatchObject({
    outcome: 'open',
    evidence: `port ${server.port} accepted the connection`,
  });
});

test('where the allowed address has no answer, silence proves nothing', async () => {
  const check = otherSource('127.0.0.1', ['127.0.0.1/32'], other);
  expect(await check.attempt(contextFor(await freePort()))).toEqual({
    outcome: 'untried',
    because: 'an allowed address had no answer either',
  });
});

test('an address that this host cannot use proves nothing', async () => {
  await using server = await httpServer('anything');
  const check = otherSource('127.0.0.1', ['127.0.0.1/32'], { gone: [info('198.51.100.1')] });
  expect(await check.attempt(contextFor(server.port))).toMatchObject({
    outcome: 'untried',
    because: expect.stringContaining('EADDRNOTAVAIL'),
  });
});

test('a host with allowed addresses only cannot try', async () => {
  const check = otherSource('10.0.0.2', ['0.0.0.0/0'], other);
  expect(await check.attempt(contextFor(1))).toEqual({
    outcome: 'untried',
    because: 'this host has no address outside of 0.0.0.0/0',
  });
});
