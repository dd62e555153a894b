import { expect, test } from 'vitest';
import { kubeHttp, retryAfterMs } from '../../../src/lib/kube/http.ts';
import { servePlainly } from '../../support/kube/plain-server.ts';

type Answer = { readonly code: number; readonly retryAfter?: string; readonly message?: string };

/** An API server that gives these answers one after the other, the last one for ever. */
const serve = async (answers: readonly [Answer, ...Answer[]]) => {
  let requests = 0;
  const kubeconfig = await servePlainly((_, response) => {
    const { code, retryAfter, message = '' } = answers[requests++] ?? answers[answers.length - 1] ?? answers[0];
    response.writeHead(code, retryAfter === undefined ? {} : { 'Retry-After': retryAfter });
    response.end(JSON.stringify({ message, reason: message }));
  });
  return { http: kubeHttp(kubeconfig), requests: () => requests };
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
  const { http, requests } = await serve([busy]);
  await expect(http('/api')).rejects.toThrow('storage is (re)initializing');
  expect(requests()).toBe(10);
});

test.each([
  { code: 429, message: 'no time named' },
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

test.each([
  ['0', 0],
  ['3', 3_000],
  ['86400', 10_000],
  ['-5', 0],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
])('Retry-After: %s is a wait of %s ms, ten seconds at most', (retryAfter, waitMs) => {
  expect(retryAfterMs({ httpStatusCode: 503, headers: { 'retry-after': retryAfter } })).toBe(waitMs);
});
