import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { discardBody, type HttpOptions, httpRequest, readBody, readBytes } from '../../../src/lib/http/http.ts';
import { failureOf } from '../../support/failure-of.ts';
import { startSilentServer } from '../../support/proxy.ts';
import { ca, serverKey, startServer } from '../../support/release-server.ts';

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
  expect((await failureOf(httpRequest(`${url}/loop`, { signal, ca }))).message).toBe(`${host} redirects too often`);
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

test('sends a body by POST, and gives a redirect as it is when told so', async () => {
  const { url } = await startServer({
    '/login': (request, response) => {
      request
        .toArray()
        .then(([body]) => response.end(`${request.method} ${body} ${request.headers['content-length']}`));
    },
    '/moved': (_, response) => response.writeHead(302, { location: '/login' }).end(),
  });
  const posted = await httpRequest(`${url}/login`, { signal, ca, method: 'POST', body: '{"ä":1}' });
  expect((await readBytes(posted, signal)).toString()).toBe('POST {"ä":1} 8');
  const moved = await httpRequest(`${url}/moved`, { signal, ca, redirect: 'manual' });
  expect(moved).toMatchObject({ status: 302, statusText: 'Found', headers: { location: '/login' } });
  discardBody(moved);
});

test('a client certificate is shown, and a foreign server certificate taken where that is wanted', async () => {
  const { url } = await startServer(
    { '/': (request, response) => response.end(String((request.socket as TLSSocket).authorized)) },
    { requestCert: true, ca },
  );
  const ask = async (options: Partial<HttpOptions>) =>
    (await readBytes(await httpRequest(url, { signal, ...options }), signal)).toString();
  expect(await ask({ rejectUnauthorized: false })).toBe('false');
  expect(await ask({ ca, cert: ca, key: serverKey })).toBe('true');
});

test('an abort while connecting ends the request at once, with its own reason', async () => {
  const silent = await startSilentServer();
  const controller = new AbortController();
  const asked = httpRequest(`https://${silent.host}/`, { signal: controller.signal, connectTimeoutMs: 10_000 });
  await silent.connected;
  controller.abort(new Error('interrupted'));
  expect((await failureOf(asked)).message).toBe('interrupted');
  await silent.closed;
});

test('user and password of a URL are sent, but not to another host', async () => {
  const seen: (string | undefined)[] = [];
  const other = await startServer({
    '/there': (request, response) => {
      seen.push(request.headers.authorization);
      response.end('found');
    },
  });
  const mirror = await startServer({
    '/here': (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `${other.url}/there` }).end();
    },
  });
  const url = mirror.url.replace('https://', 'https://user:p%40ss@');
  const response = await httpRequest(`${url}/here`, { signal, ca });
  expect((await readBytes(response, signal)).toString()).toBe('found');
  expect(seen).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`, undefined]);
});

test('a header that comes twice is one text', async () => {
  const { url } = await startServer({
    '/v2/': (_, response) => {
      response.writeHead(401, [
        ...['www-authenticate', 'Bearer realm="https://auth.example/token"'],
        ...['www-authenticate', 'Negotiate'],
      ]);
      response.end();
    },
  });
  const response = await httpRequest(`${url}/v2/`, { signal, ca });
  discardBody(response);
  expect(response.headers['www-authenticate']).toBe('Bearer realm="https://auth.example/token", Negotiate');
});

test.each(['http://[', 'ftp://x/', 'javascript:0'])('a redirect to %s is refused', async (location) => {
  const { url, host } = await startServer({ '/': (_, response) => response.writeHead(302, { location }).end() });
  expect(await failureOf(httpRequest(`${url}/`, { signal, ca }))).toMatchObject({
    message: `${host} redirects to "${location}", which is no web address`,
    trouble: 'refused',
  });
});
