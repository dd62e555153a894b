import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { httpRequest, readBody, readBytes } from '../../src/lib/http.ts';
import { failureOf } from '../support/failure-of.ts';
import { ca, startServer } from '../support/release-server.ts';

const signal = new AbortController().signal;

test('follows redirects and keeps credentials from other hosts', async () => {
  const seen: (string | undefined)[] = [];
  const other = await startServer({
    '/there': (request, response) => {
      seen.push(request.headers.authorization);
      response.end('found');
    },
  });
  const first = await startServer({
    '/here': (_, response) => response.writeHead(302, { location: '/near' }).end(),
    '/near': (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(307, { location: `${other.url}/there` }).end();
    },
  });
  const response = await httpRequest(`${first.url}/here`, { signal, ca, headers: { authorization: 'Bearer x' } });
  expect((await readBytes(response, signal)).toString()).toBe('found');
  expect(response.url.href).toBe(`${other.url}/there`);
  expect(seen).toEqual(['Bearer x', undefined]);
});

test('never follows from https to plain http, nor without end', async () => {
  const { url, host } = await startServer({
    '/down': (_, response) => response.writeHead(301, { location: 'http://localhost:1/' }).end(),
    '/loop': (_, response) => response.writeHead(301, { location: '/loop' }).end(),
  });
  const down = await failureOf(httpRequest(`${url}/down`, { signal, ca }));
  expect(down.message).toBe(`${host} redirects to http://localhost:1, which is not https`);
  expect(down).toMatchObject({ trouble: 'refused' });
  expect((await failureOf(httpRequest(`${url}/loop`, { signal, ca }))).message).toBe(`${host} redirects without end`);
});

test('says what keeps a host from being reached', async () => {
  const refused = await failureOf(httpRequest('https://localhost:1/', { signal }));
  expect(refused).toMatchObject({ trouble: 'unreachable' });
  expect(refused.message).toMatch(/^localhost:1 cannot be reached: connect ECONNREFUSED/);
  const untrusted = await failureOf(httpRequest((await startServer({})).url, { signal }));
  expect(untrusted.message).toMatch(/cannot be reached: self[- ]signed certificate/);
});

test('gives up soon on a host that does not take the connection', async () => {
  const startedAt = Date.now();
  // TEST-NET-1 (RFC 5737): nobody answers there, or the network says so at once.
  const error = await failureOf(httpRequest('https://192.0.2.1/', { signal, connectTimeoutMs: 100 }));
  expect(error).toMatchObject({ trouble: 'unreachable' });
  expect(Date.now() - startedAt).toBeLessThan(2000);
});

test('an answer that does not come is a stall', async () => {
  const { url, host } = await startServer({ '/silent': () => undefined });
  const error = await failureOf(httpRequest(`${url}/silent`, { signal, ca, stallTimeoutMs: 50 }));
  expect(error.message).toBe(`${host} sent nothing for 0.05 s`);
});

test('an abort ends reading with its own reason', async () => {
  const { url } = await startServer({
    '/slow': (_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('a');
    },
  });
  const controller = new AbortController();
  const response = await httpRequest(`${url}/slow`, { signal: controller.signal, ca });
  const reading = (async () => {
    for await (const _ of readBody(response, controller.signal)) controller.abort(new Error('interrupted'));
  })();
  expect((await failureOf(reading)).message).toBe('interrupted');
});

test('a small answer has a limit', async () => {
  const { url, host } = await startServer({ '/big': 'x'.repeat(100) });
  const response = await httpRequest(`${url}/big`, { signal, ca });
  expect((await failureOf(readBytes(response, signal, 50))).message).toBe(`${host} sent more than 50 bytes`);
});

/** A proxy that tunnels to where it is asked, and keeps what it was asked for. */
const startProxy = async () => {
  const tunnels: string[] = [];
  const proxy = createServer().on('connect', (request, client) => {
    const target = request.url ?? '';
    tunnels.push(target);
    const upstream = connect(Number(target.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    for (const end of [client, upstream]) end.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.close();
  });
  return { tunnels, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
};

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const knowsProxies = major > 24 || (major === 24 && minor >= 5);

test.skipIf(!knowsProxies)('takes a proxy without a scheme, as curl does', async () => {
  const { host, url } = await startServer({ '/': (_, response) => response.end('here') });
  const proxy = await startProxy();
  const response = await httpRequest(url, { signal, ca, proxyEnv: { https_proxy: new URL(proxy.url).host } });
  expect((await readBytes(response, signal)).toString()).toBe('here');
  expect(proxy.tunnels).toEqual([host]);
});

test.skipIf(!knowsProxies)('says that the proxy is none, without the password in it', async () => {
  const proxyEnv = { HTTPS_PROXY: 'http://me:secret@:3128' };
  const refused = httpRequest('https://files.example/', { signal, proxyEnv });
  await expect(refused).rejects.toMatchObject({
    trouble: 'unreachable',
    message: 'HTTPS_PROXY or HTTP_PROXY is no URL such as http://proxy.example:3128',
  });
});

test.skipIf(!knowsProxies)('goes through a proxy, however long the answer takes', async () => {
  const { host, url } = await startServer({
    '/late': (_, response) => {
      setTimeout(() => response.end('late'), 150);
    },
  });
  const proxy = await startProxy();
  const options = { signal, ca, connectTimeoutMs: 100, proxyEnv: { HTTPS_PROXY: proxy.url } };
  const response = await httpRequest(`${url}/late`, options);
  expect((await readBytes(response, signal)).toString()).toBe('late');
  expect(proxy.tunnels).toEqual([host]);
});
