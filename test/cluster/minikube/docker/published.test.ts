import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import {
  findCovering,
  parsePublished,
  verifyPortsFree,
  whyNotPublished,
} from '../../../../src/cluster/minikube/docker/published.ts';
import { listening } from '../../../support/proof/local-path.ts';

const address = '127.0.0.1';
const range = (start: number, end: number) => ({ address, portRange: { start, end } });

test.each([
  ['127.0.0.1:20000-20199:20000-20199', [range(20_000, 20_199)]],
  ['127.0.0.1:8080:8080', [range(8080, 8080)]],
  ['127.0.0.1:20000-20199:20000-20199/tcp', [range(20_000, 20_199)]],
  ['127.0.0.1:8080:80', []],
  ['127.0.0.1:20000-20199:30000-30199', []],
  ['8080:8080', []],
  ['8443', []],
])('what minikube keeps of --ports: %s', (text, ports) => {
  expect(parsePublished([text])).toEqual(ports);
});

test('a range is covered by one entry of the same address that has all of it', () => {
  const all = [range(20_000, 20_099), range(20_100, 20_299)];
  expect(findCovering(range(20_150, 20_199), all)).toEqual(range(20_100, 20_299));
  expect(findCovering(range(20_050, 20_150), all)).toBeUndefined();
  expect(findCovering({ ...range(20_000, 20_010), address: '127.0.0.2' }, all)).toBeUndefined();
});

test('which drivers publish, and how many ports', () => {
  const { portRange } = range(20_000, 20_499);
  expect(['docker', 'podman'].map((driver) => whyNotPublished(driver, portRange))).toEqual([undefined, undefined]);
  expect(whyNotPublished('kvm2', portRange)).toBe('the driver kvm2 publishes no ports, only docker and podman do');
  expect(whyNotPublished('docker', { start: 20_000, end: 20_500 })).toMatch(/^the range has 501 ports/);
});

test('a free range is no trouble, and is free afterwards', async () => {
  const server = await listening(createServer());
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await verifyPortsFree(range(port, port));
  await using again = await listening(createServer());
  expect(again.port).toBeGreaterThan(0);
});

test('an address that this host lacks is refused', async () => {
  const ports = { ...range(20_000, 20_001), address: '192.0.2.1' };
  await expect(verifyPortsFree(ports)).rejects.toMatchObject({
    id: 'usage.config',
    message: '192.0.2.1 is no address of this host, so no port can be published there',
  });
});
