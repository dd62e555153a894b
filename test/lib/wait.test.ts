import { expect, test } from 'vitest';
import { UserError } from '../../src/lib/errors.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';

const counting = () => {
  let count = 0;
  return polling(async () => ++count, 1);
};

test('returns the first state that is judged true, telling each new verdict once', async () => {
  const verdicts: string[] = [];
  const state = await waitUntil('Counter', counting(), (n) => n === 4 || (n < 3 ? 'too low' : 'nearly'), {
    timeoutMs: 5_000,
    id: 'cluster.test',
    onVerdict: (verdict) => verdicts.push(verdict),
  });
  expect(state).toBe(4);
  expect(verdicts).toEqual(['too low', 'nearly']);
});

test('fails at the deadline with the last verdict, the explanation and the hint', async () => {
  const waiting = waitUntil('Gateway contour', counting(), () => 'no address yet', {
    timeoutMs: 30,
    id: 'gateway.no-address',
    hint: 'look at the Service',
    explain: async () => 'Warning FailedMount: no secret',
  });
  await expect(waiting).rejects.toMatchObject({
    message: 'Gateway contour not ready after 0s: no address yet (Warning FailedMount: no secret)',
    hint: 'look at the Service',
    id: 'gateway.no-address',
  });
});

test('an explanation that fails is none', async () => {
  const waiting = waitUntil('Gateway contour', counting(), () => 'no address yet', {
    timeoutMs: 30,
    id: 'gateway.no-address',
    explain: () => Promise.reject(new Error('connect ECONNREFUSED')),
  });
  await expect(waiting).rejects.toMatchObject({
    message: 'Gateway contour not ready after 0s: no address yet',
    id: 'gateway.no-address',
  });
});

test.each([
  ['a UserError is said too', new UserError('the API server does not answer', { id: 'cluster.api' }), true],
  ['the abort itself is not', new DOMException('This operation was aborted', 'AbortError'), false],
])('of what a source throws at the deadline, %s', async (_, error, isSaid) => {
  async function* source(signal: AbortSignal) {
    yield 1;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw error;
  }
  const explain = async () => 'Warning FailedMount';
  const waiting = waitUntil('Thing', source, () => 'no', { timeoutMs: 30, id: 'cluster.test', explain });
  const more = isSaid ? 'the API server does not answer; Warning FailedMount' : 'Warning FailedMount';
  await expect(waiting).rejects.toThrow(`Thing not ready after 0s: no (${more})`);
});

test('gives the reason of an abort, not a timeout', async () => {
  const stop = new AbortController();
  const waiting = waitUntil('Thing', counting(), () => 'no', {
    timeoutMs: 5_000,
    id: 'cluster.test',
    signal: stop.signal,
    onVerdict: () => stop.abort(new Error('interrupted')),
  });
  await expect(waiting).rejects.toThrow('interrupted');
});

test('lets an error of the source through', async () => {
  const broken = polling(async () => Promise.reject(new Error('403')), 1);
  await expect(waitUntil('Thing', broken, () => true, { timeoutMs: 1_000, id: 'cluster.test' })).rejects.toThrow('403');
});
