import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { PublicAddress } from '../../../src/model/master-endpoint.ts';
import { explainPublicEnd, publicEndError, verifyPublicEnd } from '../../../src/tunnel/ssh/public-end.ts';
import { sampleSpec } from '../../support/tunnel/ssh-sample.ts';
import { unknownHost } from '../../support/tunnel/unknown-host.ts';

const { signal } = new AbortController();
const never = new Promise<void>(() => undefined);

const listen = async (onConnection: (socket: Socket) => void): Promise<PublicAddress> => {
  const server = createServer((socket) => onConnection(socket.on('error', () => undefined)));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { scheme: 'http', host: '127.0.0.1', port: (server.address() as AddressInfo).port };
};

test('a connection that comes out of the tunnel', async () => {
  const arrival = Promise.withResolvers<void>();
  const address = await listen((socket) => {
    socket.resetAndDestroy(); // as with nothing at the local end yet
    setTimeout(arrival.resolve, 50);
  });
  const end = await verifyPublicEnd(address, { arrival: arrival.promise, timeoutMs: 5_000, signal });
  expect(end).toEqual({ outcome: 'arrived', seen: `127.0.0.1:${address.port} leads here` });
});

test('a connection that another program takes', async () => {
  const address = await listen((socket) => socket.end('other'));
  const end = await verifyPublicEnd(address, { arrival: never, timeoutMs: 100, signal });
  expect(end).toEqual({
    outcome: 'elsewhere',
    seen: expect.stringMatching(/did not come through the tunnel in 100 ms$/),
  });
});

test.each([
  ['127.0.0.1', 1, 'refused', /ECONNREFUSED/],
  [unknownHost, 8080, 'unresolved', new RegExp(unknownHost)],
])('%s:%s is %s', async (host, port, outcome, seen) => {
  const end = await verifyPublicEnd({ scheme: 'http', host, port }, { arrival: never, timeoutMs: 5_000, signal });
  expect(end).toEqual({ outcome, seen: expect.stringMatching(seen) });
});

test('an abort ends the wait', async () => {
  const address = await listen(() => undefined);
  const controller = new AbortController();
  const end = verifyPublicEnd(address, { arrival: never, timeoutMs: 60_000, signal: controller.signal });
  controller.abort();
  expect((await end).outcome).toBe('unreachable');
});

const address: PublicAddress = { scheme: 'http', host: 'aws-dev.example.com', port: 8080 };

test.each([
  [
    'refused',
    '0.0.0.0',
    /refuses port 8080.*loopback only \(GatewayPorts no/,
    /^set GatewayPorts clientspecified in (?!.*bindAddress)/,
  ],
  ['refused', '127.0.0.1', /loopback only/, /ssh\.bindAddress, which is 127\.0\.0\.1, to 0\.0\.0\.0/],
  [
    'elsewhere',
    '0.0.0.0',
    /another program answers on aws-dev\.example\.com:8080/,
    /GatewayPorts clientspecified instead of yes/,
  ],
  ['elsewhere', '*', /another program/, /another ssh\.remotePort$/],
  [
    'timeout',
    '0.0.0.0',
    /gives this host no answer: a firewall drops/,
    /fine if the cluster reaches it.*open port 8080/,
  ],
  ['unreachable', '0.0.0.0', /no route to aws-dev\.example\.com:8080/, /ssh\.publicHost/],
  ['unresolved', '0.0.0.0', /no address is known here for aws-dev\.example\.com/, /ssh\.publicHost/],
] as const)('%s with bind address %s', (outcome, bindAddress, cause, hint) => {
  const finding = explainPublicEnd(outcome, address, { ...sampleSpec, bindAddress });
  expect(finding.cause).toMatch(cause);
  expect(finding.hint).toMatch(hint);
});

test.each([
  ['arrived', undefined],
  ['timeout', undefined],
  ['unreachable', undefined],
  ['unresolved', undefined],
  ['refused', 'tunnel.ssh-loopback-only'],
  ['elsewhere', 'tunnel.ssh-port-elsewhere'],
] as const)('%s is the error %s: where only this machine cannot reach it, pods may', (outcome, id) => {
  expect(publicEndError({ outcome, seen: '' }, address, sampleSpec)?.id).toBe(id);
});
