import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { findProxy } from '../../../src/lib/http/dispatcher.ts';
import { type HttpOptions, httpRequest, readBytes } from '../../../src/lib/http/http.ts';
import { failureOf } from '../../support/failure-of.ts';
import { startProxy, startSilentServer } from '../../support/proxy.ts';
import { ca, startServer } from '../../support/release-server.ts';

const signal = new AbortController().signal;

const ask = async (url: string, options: Partial<HttpOptions>) =>
  (await readBytes(await httpRequest(url, { signal, ca, ...options }), signal)).toString();

/** The test's server under another name: loopback is never asked through a proxy. The proxy leads all names to this host. */
const behindProxy = { rejectUnauthorized: false };
const otherName = (url: string): string => url.replace('localhost', 'files.example');

const hello = () => startServer({ '/': (_, response) => response.end('here') });

test.each<[string, Record<string, string>, string | undefined]>([
  ['https://a.example/', {}, undefined],
  ['https://a.example/', { HTTPS_PROXY: 'http://p.example:3128' }, 'http://p.example:3128/'],
  ['https://a.example/', { HTTPS_PROXY: 'p.example:3128' }, 'http://p.example:3128/'],
  ['https://a.example/', { HTTPS_PROXY: 'https://p.example' }, 'https://p.example/'],
  ['https://a.example/', { https_proxy: 'http://lower', HTTPS_PROXY: 'http://upper' }, 'http://lower/'],
  ['https://a.example/', { HTTP_PROXY: 'http://p.example' }, undefined],
  ['http://a.example/', { HTTP_PROXY: 'http://p.example' }, 'http://p.example/'],
  ['http://a.example/', { HTTPS_PROXY: 'http://p.example' }, undefined],
  ['https://a.example/', { HTTPS_PROXY: 'http://p.example', NO_PROXY: '.example' }, undefined],
  ['https://a.example/', { HTTPS_PROXY: 'http://p.example', no_proxy: 'b.example' }, 'http://p.example/'],
  ['https://a.example/', { HTTPS_PROXY: '', https_proxy: '' }, undefined],
  ['https://localhost:6443/', { HTTPS_PROXY: 'http://p.example' }, undefined],
  ['http://localhost./', { HTTP_PROXY: 'http://p.example' }, undefined],
  ['http://127.0.0.1:18081/', { HTTP_PROXY: 'http://p.example' }, undefined],
  ['http://127.9.9.9/', { HTTP_PROXY: 'http://p.example' }, undefined],
  ['https://[::1]:6443/', { HTTPS_PROXY: 'http://p.example' }, undefined],
  ['https://localhost.example/', { HTTPS_PROXY: 'http://p.example' }, 'http://p.example/'],
  ['https://128.0.0.1/', { HTTPS_PROXY: 'http://p.example' }, 'http://p.example/'],
])('%s with %j goes through %s', (url, env, expected) => {
  expect(findProxy(new URL(url), env)?.href).toBe(expected);
});

test('a proxy without a scheme is taken, as by curl', async () => {
  const { host, url } = await hello();
  const proxy = await startProxy();
  expect(await ask(otherName(url), { ...behindProxy, proxyEnv: { https_proxy: proxy.host } })).toBe('here');
  expect(proxy.asked).toEqual([otherName(host)]);
});

test.each([
  'http://me:secret@:3128',
  'socks5://me:secret@p.example',
  'http://me:secret%@p.example',
])('%s is no proxy, and its password does not show', async (text) => {
  const error = await failureOf(httpRequest('https://files.example/', { signal, proxyEnv: { HTTPS_PROXY: text } }));
  expect(error).toMatchObject({ trouble: 'unreachable' });
  expect(error.cause).toBeUndefined();
  expect(error.message).toBe('HTTPS_PROXY or HTTP_PROXY is not a URL such as http://proxy.example:3128');
});

test('the time limit for connecting ends when the tunnel stands, however long the answer takes', async () => {
  const { host, url } = await startServer({
    '/late': (_, response) => {
      setTimeout(() => response.end('late'), 800);
    },
  });
  const proxy = await startProxy();
  const proxyEnv = { HTTPS_PROXY: `http://${proxy.host}` };
  expect(await ask(otherName(`${url}/late`), { ...behindProxy, connectTimeoutMs: 700, proxyEnv })).toBe('late');
  expect(proxy.asked).toEqual([otherName(host)]);
});

test('a proxy that never answers is given up as soon as a host, and its connection closed', async () => {
  const proxy = await startSilentServer();
  const proxyEnv = { HTTPS_PROXY: `http://me:secret@${proxy.host}` };
  const error = await failureOf(httpRequest('https://files.example/', { signal, connectTimeoutMs: 200, proxyEnv }));
  expect(error).toMatchObject({ trouble: 'unreachable', message: 'files.example does not answer within 0.2 s' });
  await proxy.closed;
});

test('the proxy gets the credentials of its URL, decoded; the host does not', async () => {
  const seen: unknown[] = [];
  const { host, url } = await startServer({
    '/': (request, response) => {
      seen.push(request.headers['proxy-authorization']);
      response.end('here');
    },
  });
  const proxy = await startProxy();
  const proxyEnv = { HTTPS_PROXY: `http://me:p%40ss@${proxy.host}` };
  expect(await ask(otherName(url), { ...behindProxy, proxyEnv })).toBe('here');
  expect(proxy.asked).toEqual([`${otherName(host)} me:p@ss`]);
  expect(seen).toEqual([undefined]);
});

test('plain http goes to the proxy as a whole URL', async () => {
  const server = createServer((_, response) => response.end('plain'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const proxy = await startProxy();
  const url = `http://files.example:${(server.address() as AddressInfo).port}/`;
  expect(await ask(url, { proxyEnv: { HTTP_PROXY: `http://me:secret@${proxy.host}` } })).toBe('plain');
  expect(proxy.asked).toEqual([`${url} me:secret`]);
});

test('a proxy that refuses, or is not there, is named without its password', async () => {
  const refusing = createServer().on('connect', (_, client) => client.end('HTTP/1.1 407 No\r\n\r\n'));
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    refusing.close();
  });
  const { port } = refusing.address() as AddressInfo;
  const failWith = async (proxy: string) =>
    (await failureOf(httpRequest('https://files.example/', { signal, proxyEnv: { HTTPS_PROXY: proxy } }))).message;
  expect(await failWith(`http://me:secret@127.0.0.1:${port}`)).toBe(
    'files.example cannot be reached: the proxy responds with 407',
  );
  expect(await failWith('http://me:secret@127.0.0.1:1')).toBe(
    'files.example cannot be reached: connect ECONNREFUSED 127.0.0.1:1',
  );
});

test('what NO_PROXY names is asked directly', async () => {
  const { url } = await hello();
  expect(await ask(url, { proxyEnv: { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '10.0.0.0/8,localhost' } })).toBe(
    'here',
  );
});

test('a path means nothing for a proxy', () => {
  const proxy = findProxy(new URL('https://files.example/'), { HTTPS_PROXY: 'http://p.example:3128/x?y#z' });
  expect(proxy?.href).toBe('http://p.example:3128/');
});

test('a proxy that requires a login for plain http is named, and nothing is tried again', async () => {
  const proxy = createServer((_, response) => response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end());
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void proxy.close());
  const { port } = proxy.address() as AddressInfo;
  const proxyEnv = { HTTP_PROXY: `http://127.0.0.1:${port}` };
  const asking = httpRequest('http://files.example/', { signal, proxyEnv }).then(({ status }) => status);
  await expect(asking).rejects.toMatchObject({
    trouble: 'refused',
    message: 'files.example: the proxy responds with 407',
  });
});
