import { expect, test } from 'vitest';
import { collect } from '../../../src/commands/chaos/collect.ts';
import type { Outcome } from '../../../src/commands/chaos/judge.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { refusal } from '../../fakes/kube.ts';
import { outcomeOf, scenarioOf } from '../../support/chaos.ts';

const scenario = scenarioOf('disk-full');

const collected = async (run: () => Promise<Outcome>, signal = new AbortController().signal) => {
  const outcomes: Outcome[] = [];
  const thrown = await collect(scenario, run, { outcomes, signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { outcomes, thrown };
};

test('what a fault led to is an outcome', async () => {
  const outcome = outcomeOf();
  expect(await collected(async () => outcome)).toEqual({ outcomes: [outcome], thrown: undefined });
});

test('what was not injected is an outcome, and the run goes on', async () => {
  const error = new UserError('no process', { id: 'proof.not-injected' });
  const { outcomes, thrown } = await collected(() => Promise.reject(error));
  expect(thrown).toBeUndefined();
  expect(outcomes).toMatchObject([{ scenario, notInjected: 'no process' }]);
});

test.each([
  ['a damage by the fault', new UserError('the record is damaged', { id: 'proof.not-recovered' })],
  ['a refusal of the API server', refusal(403, 'Forbidden', 'the record is damaged')],
  ['a bug', new TypeError('the record is damaged')],
])('%s is an outcome with an error, and ends the run', async (_, error) => {
  const { outcomes, thrown } = await collected(() => Promise.reject(error));
  expect(thrown).toBe(error);
  expect(outcomes).toMatchObject([{ scenario, error: expect.stringContaining('the record is damaged') }]);
});

test('a run that is asked to end is no outcome', async () => {
  const error = new UserError('no process', { id: 'proof.not-injected' });
  expect(await collected(() => Promise.reject(error), AbortSignal.abort())).toEqual({ outcomes: [], thrown: error });
});
