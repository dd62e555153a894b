import { expect, test } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { Pod } from '../../../src/lib/kube/shapes.ts';
import { probeEachEnvoy } from '../../../src/proof/probe/each-envoy.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';

const envoy = (name: string, node: string, status = 'True'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'projectcontour' },
  spec: { containers: [], nodeName: node },
  status: { conditions: [{ type: 'Ready', status }] },
});
const exposures = [
  { protocol: 'tcp', name: 'one-tcp', podPort: 8081, listenerPort: 20001 },
  { protocol: 'http', name: 'one', podPort: 8080, listenerPort: 20000 },
] as const;
const both = [envoy('envoy-a', 'one'), envoy('envoy-b', 'two')];

const trying = 'error trying to reach service';
const apiServer = (why: string) => refusal(503, 'ServiceUnavailable', `${trying}: ${why}`);
const noWay = apiServer('dial tcp 10.244.1.4:28000: i/o timeout');

/** An API server whose proxy answers by the pod's name; of others it says that it does not reach them. */
const proxy = (answers: Readonly<Record<string, string | Error>>) => {
  const paths: string[] = [];
  const text: Kube['text'] = async (path, query) => {
    paths.push(path);
    const name = Object.keys(answers).find((each) => path.includes(`/${each}:`)) ?? '';
    const answer = answers[name] ?? noWay;
    if (answer === 'echo') return String(query?.['msg']);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { kube: { ...fakeKube().kube, text }, paths };
};
const probe = (kube: Kube, pods: readonly Pod[]) =>
  probeEachEnvoy(kube, { pods, exposures, timeoutMs: 40, pauseMs: 5 });

test('each Envoy carries a nonce of its own, at the port of its listener', async () => {
  const { kube, paths } = proxy({ 'envoy-a': 'echo', 'envoy-b': 'echo' });
  expect(await probe(kube, both)).toEqual({
    notes: [],
    hops: [
      {
        direction: 'forward',
        from: 'Envoy envoy-a',
        to: 'pod (http 8080)',
        ok: true,
        evidence: 'node one: fresh nonce echoed over HTTP',
      },
      {
        direction: 'forward',
        from: 'Envoy envoy-b',
        to: 'pod (http 8080)',
        ok: true,
        evidence: 'node two: fresh nonce echoed over HTTP',
      },
    ],
  });
  expect(paths).toEqual(
    both.map(({ metadata: { name } }) => `/api/v1/namespaces/projectcontour/pods/${name}:28000/proxy/echo`),
  );
});

test.each([
  // as the API server says it of a connection that Envoy ended
  apiServer('EOF'),
  apiServer('read tcp 10.244.0.1:4->10.244.1.4:28000: read: connection reset by peer'),
  // Envoy's own answer, which the API server relays
  refusal(503, '', 'GET /echo is answered with HTTP 503: upstream connect error or disconnect/reset before headers'),
])('an Envoy that reaches no task breaks the proof, though the Service may choose the other: %s', async (error) => {
  const { kube } = proxy({ 'envoy-a': 'echo', 'envoy-b': error });
  const { hops } = await probe(kube, both);
  expect(hops[1]).toMatchObject({
    ok: false,
    finding: {
      cause: `Envoy envoy-b on node two does not reach the task, another one does: ${error.message}`,
      hint: expect.stringContaining('the network between pods of node two and of the others (CNI)'),
    },
  });
});

test.each([
  noWay,
  apiServer('dial tcp 10.244.1.4:28000: connect: connection refused'),
  refusal(503, '', `Error: 'dial tcp 10.244.1.4:28000: i/o timeout' Trying to reach: 'http://10.244.1.4:28000/echo'`),
  refusal(403, 'Forbidden', 'pods "envoy-b" is forbidden: User "u" cannot get resource "pods/proxy"'),
  refusal(404, 'NotFound', 'pods "envoy-b" not found'),
  new UserError('the API server of the cluster does not answer', { id: 'cluster.api' }),
])('an Envoy that the API server does not ask breaks nothing, and a note says so: %s', async (error) => {
  const { kube } = proxy({ 'envoy-a': 'echo', 'envoy-b': error });
  const { hops, notes } = await probe(kube, both);
  expect(hops.map(({ from, ok }) => [from, ok])).toEqual([['Envoy envoy-a', true]]);
  expect(notes).toEqual([
    `Envoy envoy-b on node two is not proven: the API server does not reach it (${error.message})`,
  ]);
});

test('an abort ends a call that gets no answer', async () => {
  const limits: (AbortSignal | undefined)[] = [];
  const text: Kube['text'] = (_, __, signal) => {
    limits.push(signal);
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('cut off'))));
  };
  const kube = { ...fakeKube().kube, text };
  const controller = new AbortController();
  const asked = probeEachEnvoy(kube, { pods: both, exposures, timeoutMs: 60_000, signal: controller.signal });
  controller.abort(new Error('over'));
  await expect(asked).rejects.toThrow('over');
  expect(limits.map((limit) => limit?.aborted)).toEqual([true, true]);
});

test('an answer without the nonce is another program’s', async () => {
  const { kube } = proxy({ 'envoy-a': 'echo', 'envoy-b': 'upstream connect error' });
  expect((await probe(kube, both)).hops[1]).toMatchObject({
    ok: false,
    evidence: 'node two: answered upstream connect error',
  });
});

test('an API server outside of the pods’ network proves nothing, and a note says so', async () => {
  const { kube } = proxy({});
  expect(await probe(kube, both)).toEqual({
    hops: [],
    notes: ['only one of 2 Envoys is proven: the API server reaches none of them'],
  });
});

test('a silent connection is cut off, and proves nothing', async () => {
  const text: Kube['text'] = (path, query, signal) =>
    path.includes('envoy-a')
      ? Promise.resolve(String(query?.['msg']))
      : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const { hops, notes } = await probe({ ...fakeKube().kube, text }, both);
  expect(hops).toHaveLength(1);
  expect(notes).toEqual([expect.stringMatching(/envoy-b on node two is not proven: .* \(no answer within 0\.04 s\)$/)]);
});

test.each([
  ['one Envoy is proven by the path itself', [envoy('envoy-a', 'one')]],
  ['one that is not Ready gets no connections', [envoy('envoy-a', 'one'), envoy('envoy-b', 'two', 'False')]],
])('%s: nothing more is asked', async (_, pods) => {
  const { kube, paths } = proxy({});
  expect(await probe(kube, pods)).toEqual({ hops: [], notes: [] });
  expect(paths).toEqual([]);
});
