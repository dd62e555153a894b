import { expect, test } from 'vitest';
import { KubeError } from '../../../src/lib/kube/error.ts';
import { type Attempt, retryPauseMs } from '../../../src/lib/kube/retry.ts';

const patient = (): Attempt => ({ path: '/api/v1/nodes', isThere: true, tries: 1, endsAt: performance.now() + 60_000 });
const refusal = (code: number, message = 'words') => new KubeError(code, '', message);
const failure = (code: string) => Object.assign(new Error('words'), { code });

test.each([
  ['0', 0],
  ['3', 3_000],
  ['86400', 10_000],
  ['-5', 0],
])('Retry-After: %s is a wait of %s ms, ten seconds at most', (retryAfter, waitMs) => {
  expect(retryPauseMs(refusal(503), { ...patient(), retryAfter })).toBe(waitMs);
});

test.each([
  ['too many requests', refusal(429), true],
  ['a gateway whose server is gone', refusal(502), true],
  ['unavailable', refusal(503), true],
  ['a request that took the API server too long', refusal(504), true],
  ['etcd between two leaders', refusal(500, 'etcdserver: leader changed'), true],
  ['a webhook that does not answer', refusal(500, 'failed calling webhook "a.example"'), false],
  ['a conflict', refusal(409), false],
  ['missing rights', refusal(403), false],
  ['a connection that was closed', failure('UND_ERR_SOCKET'), true],
  ['a connection that was reset', failure('ECONNRESET'), true],
  ['no connection in time', failure('ETIMEDOUT'), true],
  ['no answer in time', new DOMException('words', 'TimeoutError'), true],
  ['nobody there', failure('ECONNREFUSED'), false],
  ['a name that does not resolve', failure('ENOTFOUND'), false],
])('%s: tried again %#', (_, error, isRetried) => {
  expect(retryPauseMs(error, patient()) !== undefined).toBe(isRetried);
});

test('the pauses grow to 5 s, and end with the patience, after three tries at the earliest', () => {
  const pauses = [1, 2, 3, 6, 7, 40].map((tries) => retryPauseMs(refusal(504), { ...patient(), tries }));
  expect(pauses).toEqual([100, 200, 400, 3_200, 5_000, 5_000]);
  const late = { ...patient(), endsAt: performance.now() - 1 };
  for (const error of [refusal(504), refusal(429), failure('UND_ERR_SOCKET')]) {
    const retries = [1, 2, 3, 4].map((tries) => retryPauseMs(error, { ...late, tries }) !== undefined);
    expect(retries).toEqual([true, true, false, false]);
  }
});

test('an address that never answered is not asked again', () => {
  expect(retryPauseMs(failure('ETIMEDOUT'), { ...patient(), isThere: false })).toBeUndefined();
  expect(retryPauseMs(failure('ETIMEDOUT'), { ...patient(), endsAt: performance.now() - 1 })).toBeUndefined();
});

test('what pods answer is not asked again', () => {
  const path = '/api/v1/namespaces/n/pods/p:8080/proxy/dial';
  expect(retryPauseMs(refusal(503), { ...patient(), path })).toBeUndefined();
});

test('a server whose own path has a proxy in it is no pod behind one', () => {
  for (const path of ['/proxy/cluster1/api/v1/nodes', '/k8s/proxy/api/v1/namespaces/proxy/pods']) {
    expect(retryPauseMs(refusal(503), { ...patient(), path }), path).toBe(100);
  }
  for (const path of ['/proxy/c/api/v1/nodes/n:10256/proxy/healthz', '/api/v1/namespaces/n/services/s/proxy']) {
    expect(retryPauseMs(refusal(503), { ...patient(), path }), path).toBeUndefined();
  }
});
