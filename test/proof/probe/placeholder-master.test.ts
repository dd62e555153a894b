import { expect, test } from 'vitest';
import { issueCertificate, makeAuthority } from '../../../src/lib/certificates.ts';
import { discardBody, httpRequest } from '../../../src/lib/http/http.ts';
import { dialHttp, dialTcp } from '../../../src/proof/probe/dial.ts';
import { findMaster, parseMasterInfo, startPlaceholder } from '../../../src/proof/probe/placeholder-master.ts';
import { freePort, httpServer, tcpServer } from '../../support/proof/local-path.ts';

const info = '{"version":"0.38.1","cluster_id":"c1","master_id":"m"}';
const host = '127.0.0.1';

test.each([
  [info, { clusterId: 'c1', version: '0.38.1' }],
  ['{"version":"0.38.1"}', undefined],
  ['<html>', undefined],
  ['null', undefined],
])('reads %s as %j', (text, expected) => {
  expect(parseMasterInfo(text)).toEqual(expected);
});

test('recognises a master, nothing, and something else', async () => {
  await using master = await httpServer(info);
  await using web = await httpServer('hello');
  await using mute = await tcpServer((socket) => socket.end());
  expect(await findMaster({ host, port: master.port })).toEqual({ kind: 'master', clusterId: 'c1', version: '0.38.1' });
  expect(await findMaster({ host, port: web.port })).toEqual({ kind: 'foreign', seen: 'GET /info gave hello' });
  expect(await findMaster({ host, port: mute.port })).toMatchObject({ kind: 'foreign' });
  expect(await findMaster({ host, port: await freePort() })).toEqual({ kind: 'none' });
});

test.runIf(process.platform === 'linux')('recognises a master, or another program, on loopback only', async () => {
  await using master = await httpServer(info);
  await using web = await httpServer('hello');
  expect(await findMaster({ host: '127.0.0.2', port: master.port })).toEqual({
    kind: 'loopback-only',
    seen: 'master 0.38.1 on 127.0.0.1',
  });
  expect(await findMaster({ host: '127.0.0.2', port: web.port })).toEqual({
    kind: 'foreign',
    seen: 'on 127.0.0.1: GET /info gave hello',
  });
});

test('answers /info with the nonce, remembers who asked, and is gone when closed', async () => {
  const port = await freePort();
  const placeholder = await startPlaceholder({ host, port });
  const answer = parseMasterInfo(await (await fetch(`http://${host}:${port}/info?nonce=n1`)).text());
  expect(answer).toEqual({ clusterId: 'taskgate-placeholder', version: 'taskgate placeholder', nonce: 'n1' });
  expect(placeholder.callers.get('n1')).toBe(host);
  expect((await fetch(`http://${host}:${port}/api/v1/master`)).status).toBe(404);
  await placeholder.close();
  expect(await findMaster({ host, port })).toEqual({ kind: 'none' });
});

test('with a certificate it speaks TLS, and answers nobody without', async () => {
  const port = await freePort();
  const authority = await makeAuthority('test', 1);
  const certificate = await issueCertificate(authority, { name: 'master', hosts: [host], days: 1 });
  const placeholder = await startPlaceholder({ host, port }, certificate);
  const options = { ca: authority.certificate, signal: AbortSignal.timeout(5_000) };
  const info = await httpRequest(`https://${host}:${port}/info?nonce=n2`, options);
  expect(info.status).toBe(200);
  await discardBody(info);
  await expect(fetch(`http://${host}:${port}/info`)).rejects.toThrow();
  expect(placeholder.callers.get('n2')).toBe(host);
  await placeholder.close();
});

test('listens on loopback where the address is not this host’s own', async () => {
  const port = await freePort();
  const placeholder = await startPlaceholder({ host: '192.0.2.200', port });
  expect(placeholder.target).toEqual({ host, port });
  await placeholder.close();
});

test('says so when it may not listen', async () => {
  await using web = await httpServer('hello');
  await expect(startPlaceholder({ host, port: web.port })).rejects.toMatchObject({
    id: 'proof.stand-in',
    message: expect.stringContaining(`no placeholder master on 127.0.0.1:${web.port}: listen EADDRINUSE`),
    hint: 'free that port, choose another master port, or start the master first',
  });
});

test.each([
  '//',
  '/?',
  '/info?%zz',
  '//info?nonce=n',
  '*',
  'http://[/',
])('a request for %s harms nobody', async (path) => {
  const port = await freePort();
  const placeholder = await startPlaceholder({ host, port });
  await dialTcp({ host, port }, 1_000, `GET ${path} HTTP/1.0\r\n\r\n`);
  expect(await dialHttp({ host, port }, 1_000, '/info?nonce=n')).toMatchObject({ outcome: 'answered' });
  expect(placeholder.callers.get('n')).toBe(host);
  await placeholder.close();
});
