import { expect, test } from 'vitest';
import { refuseBrokenPath } from '../../src/commands/proof-result.ts';
import type { Hop } from '../../src/model/path.ts';
import type { Proven } from '../../src/proof/prove.ts';

const hop = (to: string, fields: Partial<Hop> = {}): Hop => ({
  direction: 'forward',
  from: 'client',
  to,
  ok: true,
  evidence: 'seen',
  ...fields,
});
const finding = { cause: 'no address yet', hint: 'wait' };
const cleanup: Proven['cleanup'] = { ok: true, latencyMs: 1, removed: [] };

const proven = (fields: Partial<Proven>): Proven => ({
  ok: true,
  hops: [hop('gateway')],
  notes: [],
  cleanup,
  ...fields,
});

const refusal = (proof: Proven): unknown => {
  try {
    refuseBrokenPath(proof);
  } catch (error) {
    return error;
  }
  return 'accepted';
};

test('a path that is whole, and a task that is gone, are accepted', () => {
  expect(refusal(proven({}))).toBe('accepted');
  expect(refusal(proven({ hops: [] }))).toBe('accepted');
});

test('the first broken hop that is explained is blamed, though another one is broken before it', () => {
  const hops = [
    hop('gateway', { ok: false }),
    hop('envoy', { ok: false, finding }),
    hop('task', { ok: false, finding }),
  ];
  expect(refusal(proven({ ok: false, hops }))).toMatchObject({
    id: 'proof.broken-path',
    message: 'the path is broken at client ──> envoy: no address yet',
    hint: 'wait',
  });
});

test('something that answers and must not has an id of its own', () => {
  const open = hop('10.210.255.1:22', { direction: 'closed', from: 'pod', ok: false, finding });
  expect(refusal(proven({ ok: false, hops: [hop('gateway'), open] }))).toMatchObject({
    id: 'proof.not-closed',
    message: 'pod reaches 10.210.255.1:22: no address yet',
    hint: 'wait',
  });
});

test('a broken hop without an explanation says what was seen', () => {
  const hops = [hop('gateway'), hop('task', { ok: false, evidence: 'connection refused' })];
  expect(refusal(proven({ ok: false, hops }))).toMatchObject({
    message: 'the path is broken at client ──> task: connection refused',
    hint: 'see the hops above',
  });
});

test('a finding of a hop that works is no fault', () => {
  expect(refusal(proven({ hops: [hop('gateway', { finding })] }))).toBe('accepted');
});

test('what was left of the task is an error of its own, after a broken path', () => {
  const left = { ...cleanup, ok: false, finding: { cause: 'pod p is there', hint: 'delete it' } };
  expect(refusal(proven({ cleanup: left }))).toMatchObject({
    id: 'proof.not-removed',
    message: 'the sample task could not be removed: pod p is there',
    hint: 'delete it',
  });
  expect(refusal(proven({ cleanup: { ...cleanup, ok: false } }))).toMatchObject({
    message: 'the sample task could not be removed: something is still there',
    hint: 'the next smoke removes it',
  });
  const both = proven({ hops: [hop('task', { ok: false })], cleanup: left });
  expect(refusal(both)).toMatchObject({ id: 'proof.broken-path' });
});
