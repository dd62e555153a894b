import { expect, test } from 'vitest';
import { findFalse, reachedEnvoy, refusedBehind } from '../../../src/proof/diagnosis/rule.ts';
import { gateway } from '../../support/proof/local-path.ts';
import { condition, object, refusedPath, slicesWith } from '../../support/proof/path.ts';

const slice = (endpoints?: readonly object[]) =>
  object('discovery.k8s.io/v1', 'EndpointSlice', { ...(endpoints && { endpoints }) }) as never;
const of = (change: object) => ({ ...refusedPath, ...change });
const published = { ...gateway, via: 'published' } as const;
const behind = (slices: readonly object[]) => ({
  outcome: 'closed',
  gateway: published,
  port: { ...refusedPath.port, slices },
});

test.each([
  ['a published port of a task with a ready pod, closed', behind(slicesWith(true)), true],
  ['one of several pods is ready', behind(slicesWith(false, true)), true],
  ['one of several slices has it', behind([...slicesWith(false), ...slicesWith(true)]), true],
  ['the state of its pod is not known', behind([slice([{ addresses: [] }])]), true],
  ['the state of its pod is not said', behind([slice([{ addresses: [], conditions: {} }])]), true],
  ['no pod is ready', behind(slicesWith(false)), false],
  ['a slice is empty', behind([slice()]), false],
  ['no slice', behind([]), false],
  ['silent', { ...behind(slicesWith(true)), outcome: 'silent' }, false],
  ['refused', { ...behind(slicesWith(true)), outcome: 'refused' }, false],
  ['a port of the node', { ...behind(slicesWith(true)), gateway }, false],
  ['a forward', { ...behind(slicesWith(true)), gateway: { ...gateway, via: 'forward' } }, false],
])('a connection that is closed before Envoy: %s', (_, change, isRefused) => {
  expect(refusedBehind(of(change))).toBe(isRefused);
});

test.each([
  ['closed', { outcome: 'closed' }, true],
  ['silent', { outcome: 'silent' }, true],
  ['closed on behalf of a published port', behind(slicesWith(true)), false],
  ['closed for a task without a ready pod', behind(slicesWith(false)), true],
  ['refused', { outcome: 'refused' }, false],
  ['timeout', { outcome: 'timeout' }, false],
])('Envoy accepted the connection: %s', (_, change, isReached) => {
  expect(reachedEnvoy(of(change))).toBe(isReached);
});

test.each([
  ['none', undefined, undefined],
  ['True', [condition('Accepted', 'True')], undefined],
  ['of another type', [condition('Ready', 'False')], undefined],
  ['False', [condition('Programmed', 'False', 'Invalid', 'one is bad')], 'Programmed=False, Invalid: one is bad'],
  [
    'the first that is False',
    [condition('Accepted', 'True'), condition('Programmed', 'False')],
    'Programmed=False, Why: because',
  ],
  ['without a reason', [{ type: 'Accepted', status: 'False' }], 'Accepted=False, no reason: '],
])('a condition that is False: %s', (_, conditions, text) => {
  expect(findFalse(conditions, 'Accepted', 'Programmed')).toBe(text);
});
