import { expect, test } from 'vitest';
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

/** An API server whose proxy answers by the pod's name. */
const proxy = (answers: Readonly<Record<string, 'echo' | 'refused' | string>>) => {
  const paths: string[] = [];
  const text: Kube['text'] = async (path, query) => {
    paths.push(path);
    const name = Object.keys(answers).find((each) => path.includes(`/${each}:`)) ?? '';
    const answer = answers[name];
    if (answer === 'echo') return String(query?.['msg']);
    if (answer === undefined || answer === 'refused') {
      throw refusal(503, 'ServiceUnavailable', 'error trying to reach service: dial tcp 10.244.1.4:28000: i/o timeout');
    }
    return answer;
  };
  return { kube: { ...fakeKube().kube, text }, paths };
};
const probe = (kube: Kube, pods: readonly Pod[]) => probeEachEnvoy(kube, { pods, exposures, timeoutMs: 250 });

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

test('an Envoy that reaches no task breaks the proof, though the Service may choose the other', async () => {
  const { kube } = proxy({ 'envoy-a': 'echo', 'envoy-b': 'refused' });
  const { hops } = await probe(kube, both);
  expect(hops[1]).toMatchObject({
    ok: false,
    finding: {
      cause: expect.stringMatching(
        /^Envoy envoy-b on node two does not reach the task, another one does: .*i\/o timeout$/,
      ),
      hint: expect.stringContaining('the network between pods of node two and of the others (CNI)'),
    },
  });
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

test.each([
  ['one Envoy is proven by the path itself', [envoy('envoy-a', 'one')]],
  ['one that is not Ready gets no connections', [envoy('envoy-a', 'one'), envoy('envoy-b', 'two', 'False')]],
])('%s: nothing more is asked', async (_, pods) => {
  const { kube, paths } = proxy({});
  expect(await probe(kube, pods)).toEqual({ hops: [], notes: [] });
  expect(paths).toEqual([]);
});
