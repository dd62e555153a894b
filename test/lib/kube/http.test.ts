import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../../src/lib/kube/client.ts';
import { isNotFound } from '../../../src/lib/kube/error.ts';
import { type HttpOptions, kubeHttp } from '../../../src/lib/kube/http.ts';
import { failureOf } from '../../support/failure-of.ts';
import { servePlainly } from '../../support/kube/plain-server.ts';
import { unknownHost } from '../../support/tunnel/unknown-host.ts';

type Answer = { readonly code: number; readonly retryAfter?: string; readonly message?: string };

/** An API server that gives these answers one after the other, the last one for ever. */
const serve = async (answers: readonly [Answer, ...Answer[]], options?: HttpOptions) => {
  let requests = 0;
  const kubeconfig = await servePlainly((_, response) => {
    const { code, retryAfter, message = '' } = answers[requests++] ?? answers[answers.length - 1] ?? answers[0];
    response.writeHead(code, retryAfter === undefined ? {} : { 'Retry-After': retryAfter });
    response.end(JSON.stringify({ message, reason: message }));
  });
  return { http: kubeHttp(kubeconfig, undefined, options), requests: () => requests };
};

const busy = { code: 429, retryAfter: '0', message: 'storage is (re)initializing' };

test.each([429, 503])('%i with Retry-After is sent again until it goes through', async (code) => {
  const { http, requests } = await serve([
    { ...busy, code },
    { ...busy, code },
    { code: 200, message: 'done' },
  ]);
  expect(await (await http('/api', { method: 'POST', body: {} })).text()).toContain('done');
  expect(requests()).toBe(3);
});

test('an API server that never stops asking for another try is believed after ten', async () => {
  const { http, requests } = await serve([busy], { patienceMs: 0 });
  await expect(http('/api')).rejects.toThrow('storage is (re)initializing');
  expect(requests()).toBe(10);
});

test('a slow API server (504) is asked again, and is an error of the cluster when patience ends', async () => {
  const slow = { code: 504, message: 'Timeout: request did not complete within requested timeout' };
  const { http, requests } = await serve([slow, { code: 200, message: 'done' }]);
  expect(await (await http('/api', { method: 'PATCH', body: {} })).text()).toContain('done');
  expect(requests()).toBe(2);
  const { http: always, requests: all } = await serve([slow], { patienceMs: 0 });
  await expect(always('/api')).rejects.toMatchObject({
    id: 'cluster.refused',
    message: slow.message,
    hint: 'the API server has trouble of its own: see its log and that of etcd, then run the command again',
  });
  expect(all()).toBe(3);
});

test('who sends a request is told of each try that failed, also of connections that nobody may keep', async () => {
  let served = 0;
  const kubeconfig = await servePlainly((request, response) => {
    served++;
    if (served === 1) return void request.socket.destroy();
    response.writeHead(served === 2 ? 504 : 200).end(JSON.stringify({ message: 'Timeout: too slow' }));
  });
  const met: string[] = [];
  const onRetry = ({ message }: Error) => void met.push(message);
  await kubeHttp(kubeconfig, undefined, { patienceMs: 0 })('/api', { method: 'POST', body: {}, onRetry });
  expect(met).toEqual([expect.stringMatching(/^the API server at http:.* does not answer: /), 'Timeout: too slow']);
});

test.each([
  { code: 500, message: 'broken' },
  { code: 409, retryAfter: '1', message: 'Conflict' },
])('$code ($message) is final', async (answer) => {
  const { http, requests } = await serve([answer]);
  await expect(http('/api')).rejects.toThrow(answer.message);
  expect(requests()).toBe(1);
});

test('an abort ends the wait for the next try', async () => {
  const { http } = await serve([{ ...busy, retryAfter: '60' }]);
  const stop = new AbortController();
  const asked = http('/api', { signal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await expect(asked).rejects.toThrow(/abort/);
});

test('requests one after the other share connections, of several clients too', async () => {
  const server = createServer((_, response) => response.end('{}'));
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const named = { name: 'x', cluster: { server: `127.0.0.1:${(server.address() as AddressInfo).port}` } };
  const contexts = [{ name: 'x', context: { cluster: 'x' } }];
  const kubeconfig = JSON.stringify({ clusters: [named], contexts, 'current-context': 'x' });
  for (let round = 0; round < 20; round++) await connect(kubeconfig).text('/version');
  // the next may come before the first is free again
  expect(connections).toBeLessThanOrEqual(3);
});

test('a kept connection that the API server has closed is no failure', async () => {
  let served = 0;
  const kubeconfig = await servePlainly((request, response) => {
    served++;
    // as a load balancer does with a connection that it takes for idle
    if (served === 2) return void request.socket.destroy();
    response.end('{}');
  });
  const kube = connect(kubeconfig);
  for (let round = 0; round < 3; round++) expect(await kube.text('/version')).toBe('{}');
  expect(served).toBe(4);
});

const html = '<!doctype html><title>Sign in</title>';
const asHtml = { 'content-type': 'text/html; charset=utf-8' };

test.each<[string, number, Readonly<Record<string, string>>, string | Buffer, string]>([
  ['a web page', 200, asHtml, html, 'answers HTTP 200 with a web page'],
  ['a web page that says 403', 403, asHtml, html, 'answers HTTP 403 with a web page'],
  ['a web page without a type', 200, {}, html, 'which is no JSON object'],
  ['a redirect to a login', 302, { location: 'https://sso.example/' }, '', 'redirects to https://sso.example/'],
  ['JSON that is no object', 200, {}, '[1, 2]', 'which is no JSON object'],
  ['JSON that is cut off', 200, {}, '{"kind": "NodeList", "items": [{', 'which is no JSON object'],
  ['another JSON', 200, {}, '{"status": "ok"}', 'answers a list without items'],
  ['something packed', 200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(1e7)), 'answers in gzip'],
  ['nothing', 200, {}, '', 'which is no JSON object'],
])('%s is said to be no API server', async (_, code, headers, body, words) => {
  const kubeconfig = await servePlainly((request, response) => {
    const known = request.url === '/api/v1' && { resources: [{ name: 'nodes', kind: 'Node', namespaced: false }] };
    if (known) return void response.end(JSON.stringify(known));
    response.writeHead(code, headers).end(body);
  });
  await expect(connect(kubeconfig).list({ apiVersion: 'v1', kind: 'Node' })).rejects.toMatchObject({
    id: 'cluster.api',
    message: expect.stringContaining(words),
    hint: 'does something else answer at its address, such as a login page or a proxy?',
  });
});

test.each([
  502, 503, 504,
])('the page of a load balancer while API servers restart (%i) is tried again', async (code) => {
  let requests = 0;
  const kubeconfig = await servePlainly((_, response) => {
    if (++requests > 2) return void response.end('{}');
    response.writeHead(code, { ...asHtml, 'retry-after': '0' }).end(html);
  });
  expect(await connect(kubeconfig).text('/version')).toBe('{}');
  expect(requests).toBe(3);
});

test('a page for what is not there is no object, not another server; its text is not repeated', async () => {
  const kubeconfig = await servePlainly((_, response) => void response.writeHead(404, asHtml).end(html));
  const failure = await kubeHttp(kubeconfig)('/api/v1/nodes/x').catch((error: unknown) => error);
  expect(isNotFound(failure)).toBe(true);
  expect(failure).toMatchObject({
    message: 'GET /api/v1/nodes/x is answered with HTTP 404: a web page',
    hint: 'does something else answer at its address, such as a login page or a proxy?',
  });
});

/** A server that speaks no HTTP. */
const serveBytes = async (bytes: string): Promise<number> => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

const atServer = (server: string, cluster: object = {}): string => {
  const clusters = [{ name: 'x', cluster: { server, ...cluster } }];
  return JSON.stringify({ clusters, contexts: [{ name: 'x', context: { cluster: 'x' } }], 'current-context': 'x' });
};

test.each<[string, () => Promise<string>, RegExp, RegExp]>([
  ['no HTTP', async () => `http://127.0.0.1:${await serveBytes('SSH-2.0-x\r\n')}`, /does not answer: /, /cluster run/],
  [
    'no TLS',
    async () => `https://127.0.0.1:${await serveBytes('HTTP/1.1 400 x\r\n\r\n')}`,
    /cannot be spoken/,
    /no TLS/,
  ],
  ['nobody there', async () => 'https://127.0.0.1:1', /does not answer: connect ECONNREFUSED/, /does the cluster run/],
  ['no such name', async () => `https://${unknownHost}`, /does not answer: getaddrinfo/, /does the cluster run/],
])('%s at its address is an error of the cluster', async (_, server, message, hint) => {
  const error = await failureOf(kubeHttp(atServer(await server()), undefined, { patienceMs: 0 })('/version'));
  expect(error).toMatchObject({ id: 'cluster.api', hint: expect.stringMatching(hint) });
  expect(error.message).toMatch(message);
});

test('a proxy that is not there is named, with the setting that names it, and without its password', async () => {
  const byFile = kubeHttp(atServer('https://10.255.255.1:6443', { 'proxy-url': 'http://me:secret@127.0.0.1:1' }));
  const error = await failureOf(byFile('/version'));
  expect(error).toMatchObject({ id: 'cluster.api', hint: expect.stringContaining('proxy-url in the kubeconfig') });
  expect(error.message).toBe(
    'the API server at https://10.255.255.1:6443 is not reached: the proxy http://127.0.0.1:1 makes no connection: connect ECONNREFUSED 127.0.0.1:1',
  );
  const byVariable = kubeHttp(atServer('https://10.255.255.1:6443'), undefined, {
    env: { HTTPS_PROXY: 'http://127.0.0.1:1' },
  });
  await expect(byVariable('/version')).rejects.toMatchObject({
    hint: expect.stringMatching(/HTTPS_PROXY.*NO_PROXY=10\.255\.255\.1/),
  });
});

test.each<[string, number, string | object, string, string]>([
  ['a quota', 403, { message: 'pods "x" is forbidden: exceeded quota: q' }, 'exceeded quota: q', 'ResourceQuota'],
  ['a webhook', 400, { message: 'admission webhook "w" denied the request: no' }, 'denied', 'administrator except'],
  ['a webhook that is down', 500, { message: 'failed calling webhook "w": refused' }, 'failed calling', 'pods running'],
  ['a right', 403, { message: 'nodes is forbidden: User "u" cannot list' }, 'cannot list', 'needs that right'],
  ['a size', 413, { message: 'Request entity too large: limit is 3145728' }, 'too large', 'raise the limit'],
  ['an object', 422, { message: 'Gateway "x" is invalid: spec' }, 'is invalid', 'another version'],
  ['credentials', 401, { message: 'Unauthorized' }, 'GET /x is answered with HTTP 401: Unauthorized', 'credentials'],
  ['a proxy in between', 407, 'login first', 'GET /x is answered with HTTP 407: login first', 'fix what'],
])('%s that is refused is an error with its words', async (_, code, body, words, hint) => {
  const kubeconfig = await servePlainly((_request, response) => {
    response.writeHead(code).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await expect(kubeHttp(kubeconfig)('/x?secret=1')).rejects.toMatchObject({
    id: 'cluster.refused',
    message: expect.stringContaining(words),
    hint: expect.stringContaining(hint),
  });
});
