import { expect, onTestFinished, test } from 'vitest';
import { startForwards } from '../../src/daemon/keep-forwards.ts';
import { freePorts, outcomeOf } from '../support/tunnel/forward-run.ts';

const place = { kubeconfigPath: '/no/such/kubeconfig', kubeContext: '', gateway: { name: 'contour', namespace: 'c' } };
const inMs = (ms: number) => ({ until: new Date(Date.now() + ms).toISOString() });

test('forwards that others reach end at their time, and are opened again when that is extended', async () => {
  const [start, , end] = await freePorts();
  const controller = new AbortController();
  const notes: string[] = [];
  const { status, setDeadline, done } = await startForwards(
    { ...place, address: '127.0.0.1', portRange: { start, end }, ...inMs(700) },
    { signal: controller.signal, journal: { note: (text) => notes.push(text) } },
  );
  onTestFinished(() => controller.abort());
  await expect.poll(() => status().state).toBe('backoff');
  expect(status().until).toBeDefined();
  expect(await outcomeOf(start)).toBe('ECONNRESET');
  await expect.poll(() => status().state, { timeout: 6_000 }).toBe('ended');
  expect(status()).toMatchObject({
    detail: expect.stringMatching(/^expired at /),
    hint: expect.stringContaining('taskgate tunnel extend'),
  });
  expect(await outcomeOf(start)).toBe('ECONNREFUSED');
  setDeadline(inMs(3_600_000));
  await expect.poll(() => status().state, { timeout: 6_000 }).toBe('backoff');
  expect(await outcomeOf(start)).toBe('ECONNRESET');
  controller.abort();
  await done;
  expect(notes.map((note) => note.split(':')[0])).toEqual([
    'forwards on 127.0.0.1 backoff',
    'forwards on 127.0.0.1 ended',
    'forwards on 127.0.0.1 backoff',
  ]);
});

test('what has expired before it starts is not opened', async () => {
  const [start, , end] = await freePorts();
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const { status } = await startForwards(
    { ...place, address: '127.0.0.1', portRange: { start, end }, ...inMs(-1) },
    { signal: controller.signal, journal: { note: () => undefined } },
  );
  expect(status().state).toBe('ended');
  expect(await outcomeOf(start)).toBe('ECONNREFUSED');
});
