import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../src/lib/certificates.ts';
import { probeOnce } from '../../src/supervisor/probe.ts';
import { ca, startServer } from '../support/release-server.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const fixture = (name: string): string => join(import.meta.dirname, '../fixtures', name);
const caPath = fixture('localhost-cert.pem');
const routes = { '/healthz': 'ok' };
const http = (url: string, tls = {}) => probeOnce({ kind: 'http', url, tls });

test('a health page over TLS: without an authority its certificate does not matter', async () => {
  const { url } = await startServer(routes);
  expect(await http(`${url}/healthz`)).toBe(true);
  expect(await http(`${url}/healthz`, { caPath })).toBe(true);
  expect(await http(`${url}/nothing`)).toBe('answers 404');
});

test('a server whose certificate another authority has signed is not the one that is asked for', async () => {
  const { url, requests } = await startServer(routes);
  const otherPath = join(await temporaryDir(), 'other.crt');
  await writeFile(otherPath, (await makeAuthority('another cluster', 1)).certificate);
  expect(await http(`${url}/healthz`, { caPath: otherPath })).toMatch(/self-signed certificate|unable to verify/);
  expect(requests).toEqual([]);
});

test('a page for who shows a certificate', async () => {
  const { url } = await startServer(routes, { requestCert: true, rejectUnauthorized: true, ca });
  expect(await http(`${url}/healthz`, { caPath })).not.toBe(true);
  expect(await http(`${url}/healthz`, { caPath, certPath: caPath, keyPath: fixture('localhost-key.pem') })).toBe(true);
});

test('plain http, a server that is not there, and a file that is not there', async () => {
  const server = createServer((_, response) => response.writeHead(301, { location: '/x' }).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  expect(await http(url)).toBe('answers 301');
  expect(await http('http://127.0.0.1:1/')).toBe('connect ECONNREFUSED 127.0.0.1:1');
  expect(await http(url, { caPath: '/nowhere/ca.crt' })).toMatch(/ENOENT/);
  expect(await probeOnce({ kind: 'socket', path: '/nowhere/socket' })).toMatch(/ENOENT/);
});

test('a child that listens nowhere is ready once it runs', async () =>
  expect(await probeOnce({ kind: 'running' })).toBe(true));
