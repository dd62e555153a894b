import { expect, test } from 'vitest';
import { makeThrottle } from '../../scripts/rig/progress.ts';

test('a new state is news at once, the same one again after a pause, each item for itself', () => {
  const isNews = makeThrottle(10_000);
  const at = (name: string, state: 'building' | 'done', nowMs: number) => isNews({ name, state, detail: '' }, nowMs);
  expect(at('minikube', 'building', 0)).toBe(true);
  expect(at('crictl', 'building', 1_000)).toBe(true);
  expect(at('minikube', 'building', 9_999)).toBe(false);
  expect(at('minikube', 'building', 10_000)).toBe(true);
  expect(at('minikube', 'done', 10_001)).toBe(true);
});
