import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { isGoodFor, issueCertificate, makeAuthority } from '../../src/lib/certificates.ts';

const authority = await makeAuthority('test', 10);
const hosts = ['tunnel.example', '127.0.0.1', '::1'];
const issued = await issueCertificate(authority, { name: 'master', hosts, days: 5 });

/** A handshake with a server that has the certificate; the error of a client that does not trust it. */
const handshake = async (ca: string, servername: string): Promise<string> => {
  const server = createServer({ cert: issued.certificate, key: issued.key }, (socket) => socket.end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', ca, servername });
  try {
    await once(socket, 'secureConnect');
    return 'trusted';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  } finally {
    socket.destroy();
    server.close();
  }
};

test('a client that trusts the authority trusts the server, by each of its names', async () => {
  expect(await handshake(authority.certificate, 'tunnel.example')).toBe('trusted');
});

test('another name, and another authority, are refused', async () => {
  expect(await handshake(authority.certificate, 'other.example')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  const other = await makeAuthority('test', 10);
  expect(await handshake(other.certificate, 'tunnel.example')).not.toBe('trusted');
});

test.each([
  ['its hosts', { hosts, days: 1 }, true],
  ['a new host', { hosts: [...hosts, '10.0.0.1'], days: 1 }, false],
  ['longer than it lasts', { hosts, days: 6 }, false],
])('the certificate is good for %s: %s', (_, wanted, isGood) =>
  expect(isGoodFor(issued, authority.certificate, wanted)).toBe(isGood));

test('a certificate of another authority, a damaged one, and one of another key are not good', async () => {
  const other = await makeAuthority('test', 10);
  expect(isGoodFor(issued, other.certificate, { hosts, days: 1 })).toBe(false);
  expect(isGoodFor({ ...issued, certificate: 'damaged' }, authority.certificate, { hosts, days: 1 })).toBe(false);
  expect(isGoodFor({ ...issued, key: other.key }, authority.certificate, { hosts, days: 1 })).toBe(false);
});
