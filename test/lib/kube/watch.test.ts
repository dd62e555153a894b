import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { KubeError } from '../../../src/lib/kube/error.ts';
import { type KubeHttp, type KubeRequest, kubeHttp } from '../../../src/lib/kube/http.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { watchObjects } from '../../../src/lib/kube/watch.ts';
import { waitUntil } from '../../../src/lib/wait.ts';
import { servePlainly } from '../../support/kube/plain-server.ts';

const selection = { apiVersion: 'v1', kind: 'Pod', name: 'a' };
const pathOf = async () => '/api/v1/pods';

const pod = (name: string, phase?: string) => ({ metadata: { name }, ...(phase && { phase }) });
const list = (...items: object[]) => JSON.stringify({ metadata: { resourceVersion: '7' }, items });
const event = (type: string, object: object) => JSON.stringify({ type, object });

const hang = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => {
    signal?.throwIfAborted();
    signal?.addEventListener('abort', () => reject(signal.reason));
  });

/** An answer: the lines of a body, whose last one may be how the connection breaks; or the error in place of it. */
type Answer = readonly (string | Error)[] | Error;

/** An API server that gives these answers one after the other, then hangs. Keeps the queries. */
const fakeHttp = (answers: readonly Answer[]) => {
  const queries: KubeRequest['query'][] = [];
  const rest = [...answers];
  const http: KubeHttp = async (_, { query, signal } = {}) => {
    queries.push(query);
    const answer = rest.shift() ?? (await hang(signal));
    if (answer instanceof Error) throw answer;
    const lines = async function* () {
      for (const line of answer) {
        if (line instanceof Error) throw line;
        yield line;
      }
    };
    return { text: async () => answer.join(''), lines };
  };
  return { http, queries };
};

const podSource = (http: KubeHttp) => (signal: AbortSignal) =>
  watchObjects<KubeObject & { phase?: string }>({ http, pathOf, selection, signal, reconnectPauseMs: 5 });

/** The first states of a watch, each as its objects' names and phases. */
const statesOf = async (
  http: KubeHttp,
  count: number,
  onState: (state: string) => void = () => undefined,
): Promise<readonly string[]> => {
  const stop = new AbortController();
  const states: string[] = [];
  for await (const pods of podSource(http)(stop.signal)) {
    states.push(pods.map(({ metadata, phase }) => `${metadata.name}${phase ? `:${phase}` : ''}`).join(' '));
    onState(states.at(-1) ?? '');
    if (states.length === count) break;
  }
  stop.abort();
  return states;
};

const waitForB = (http: KubeHttp, timeoutMs = 100) =>
  waitUntil('Pod b', podSource(http), (pods) => pods.some(({ metadata }) => metadata.name === 'b') || 'no b yet', {
    timeoutMs,
    id: 'cluster.test',
  });

const refused = new UserError('the API server at https://10.0.0.1 does not answer: connect ECONNREFUSED', {
  id: 'cluster.api',
});

test('lists, then follows each change', async () => {
  const changes = [
    event('ADDED', pod('b')),
    event('BOOKMARK', pod('')),
    event('MODIFIED', pod('a', 'Running')),
    event('DELETED', pod('b')),
  ];
  const { http, queries } = fakeHttp([[list(pod('a'))], changes]);
  expect(await statesOf(http, 4)).toEqual(['a', 'a b', 'a:Running b', 'a:Running']);
  const query = { fieldSelector: 'metadata.name=a', labelSelector: undefined };
  expect(queries).toEqual([query, { ...query, watch: 'true', resourceVersion: '7' }]);
});

const gone = event('ERROR', { code: 410 });

test.each<[string, readonly Answer[]]>([
  ['ends', [[]]],
  ['has expired', [[gone]]],
  ['breaks off', [[new TypeError('terminated', { cause: new Error('other side closed') })]]],
  ['breaks off without a reason', [[new TypeError('terminated')]]],
  ['cannot begin', [refused]],
  ['is of a version that has expired', [new KubeError(410, 'Expired', 'too old resource version')]],
  ['was not asked in time', [new KubeError(408, 'Timeout', 'slow')]],
  ['meets an overloaded server', [new KubeError(429, 'TooManyRequests', 'later')]],
  ['meets a server that does not know the kind yet', [new KubeError(404, 'NoKind', 'no Pod')]],
  ['meets a failing server', [new KubeError(500, 'InternalError', 'etcd')]],
])('lists again when the watch %s', async (_, watch) => {
  const { http } = fakeHttp([[list(pod('a'))], ...watch, [list(pod('b'))]]);
  expect(await statesOf(http, 2)).toEqual(['a', 'b']);
});

test.each([
  ...[400, 401, 403, 405, 409, 411, 422, 428].map((code) => new KubeError(code, 'Refused', `answers ${code}`)),
  new TypeError("Cannot read properties of undefined (reading 'map')"),
  new ReferenceError('x is not defined'),
  new SyntaxError('Unexpected token'),
])('lets %s through at once', async (error) => {
  await expect(waitForB(fakeHttp([error]).http)).rejects.toBe(error);
});

test.each([
  ['no list', '{}', 'answers a list without items'],
  ['no JSON', '<html>', 'answers "<html>", which is no JSON object'],
])('an answer that is %s is asked for again, and told at the deadline', async (_, answer, told) => {
  expect(await statesOf(fakeHttp([[answer], [list(pod('a'))]]).http, 1)).toEqual(['a']);
  const endless = Array.from({ length: 1_000 }, () => [answer]);
  await expect(waitForB(fakeHttp(endless).http)).rejects.toThrow(told);
});

test.each([
  'null',
  '{',
  '[]',
  '{"type":"ADDED"}',
  '{"type":"ADDED","object":{"metadata":{"name":1}}}',
  '{"type":[]}',
])('a line that is no event harms no watch: %s', async (line) => {
  const { http } = fakeHttp([[list(pod('a'))], [line, 'x'], [list(pod('b'))]]);
  expect(await statesOf(http, 2)).toEqual(['a', 'b']);
});

test('the deadline tells what kept the watch from seeing anything', async () => {
  await expect(waitForB(fakeHttp([refused]).http)).rejects.toMatchObject({
    message: `Pod b not ready after 0s: nothing seen yet (${refused.message})`,
    id: 'cluster.test',
  });
});

test('the deadline tells the last state and the trouble since', async () => {
  const { http } = fakeHttp([[list(pod('a'))], [], new KubeError(500, 'InternalError', 'etcd has no leader')]);
  await expect(waitForB(http)).rejects.toThrow(/^Pod b not ready after 0s: no b yet \(etcd has no leader\)$/);
});

test('trouble that is over is not told', async () => {
  const { http } = fakeHttp([refused, [list(pod('a'))]]);
  await expect(waitForB(http)).rejects.toThrow(/^Pod b not ready after 0s: no b yet$/);
});

test('an abort ends it without a word', async () => {
  const stop = new AbortController();
  const watching = podSource(fakeHttp([]).http)(stop.signal)[Symbol.asyncIterator]().next();
  stop.abort();
  expect(await watching).toEqual({ done: true, value: undefined });
});

test('a real connection that breaks and comes again', async () => {
  let requests = 0;
  let breakOff = (): void => undefined;
  const server = createServer((request, response) => {
    requests++;
    if (!request.url?.includes('watch')) return response.end(list(pod(requests === 1 ? 'a' : 'b')));
    response.write(`${event('ADDED', pod('c'))}\n`);
    breakOff = () => void response.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cluster = { server: url, 'insecure-skip-tls-verify': true };
  const named = { name: 'x', cluster, user: {}, context: { cluster: 'x', user: 'x' } };
  const kubeconfig = { clusters: [named], users: [named], contexts: [named], 'current-context': 'x' };
  const http = kubeHttp(JSON.stringify(kubeconfig));
  // what was not read yet is lost with the connection
  expect(await statesOf(http, 3, (state) => state === 'a c' && breakOff())).toEqual(['a', 'a c', 'b']);
  close();
  // a connection that was kept may break first, which is tried again after 100 ms
  await expect(waitForB(http, 600)).rejects.toThrow(
    `nothing seen yet (the API server at ${url} does not answer: connect ECONNREFUSED`,
  );
});

test('the deadline tells what was tried again in vain', async () => {
  const kubeconfig = await servePlainly((_, response) => {
    response.writeHead(504).end(JSON.stringify({ reason: 'Timeout', message: 'Timeout: too slow' }));
  });
  // the API server is asked at 0 ms, 100 ms, 300 ms
  await expect(waitForB(kubeHttp(kubeconfig), 200)).rejects.toThrow(/nothing seen yet \(Timeout: too slow\)$/);
});
