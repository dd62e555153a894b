import { describe, expect, test } from 'vitest';
import { judgeProxied } from '../../../src/proof/real-master/findings.ts';
import { masterHttp } from '../../../src/proof/real-master/http.ts';
import { refusal } from '../../fakes/kube.ts';
import { brokenOf, cluster, localTask, scene } from '../../support/proof/real-master.ts';

test('without rights on PriorityClasses neither the master nor the proof stumbles', async () => {
  const forbidden = 'priorityclasses.scheduling.k8s.io is forbidden';
  const refuse = (call: string) => (call.includes('PriorityClass') ? refusal(403, 'Forbidden', forbidden) : undefined);
  const fake = cluster({ refuse });
  await using task = await localTask(fake);
  await using it = await scene(fake, task.port);
  expect(await it.prove()).toMatchObject({ ok: true, cleanup: { ok: true } });
});

test.each([
  ['that the master knows no more', 'v2.public.of-yesterday', 303],
  ['of none', undefined, 401],
])('a session %s is refused at /proxy/, and no redirect is followed', async (_, token, status) => {
  await using it = await scene(cluster(), 1);
  const { signal } = new AbortController();
  const request = { timeoutMs: 5_000, signal, ...(token && { token }) };
  const answer = await masterHttp(new URL(it.url))('/proxy/a:8000/taskgate', request);
  expect(answer.status).toBe(status);
  expect(judgeProxied(answer, 'nonce', 1)).toMatchObject({ outcome: 'refused' });
});

describe('a kill after which something is left', { concurrent: true }, () => {
  test.for([
    [{ leaves: 'TCPRoute' }, /left behind: TCPRoute det-a1b2c3d4-cmd-/],
    [{ leaves: 'listener' }, /left behind: listener det-\d+, annotation of port \d+/],
    [{ leaves: 'PriorityClass' }, /left behind: PriorityClass [-0-9a-f]{36}\.1-priorityclass/],
    [{ staysRunning: true }, /^End of task .* STATE_RUNNING/],
  ] as const)('%j', async ([misbehaviour, cause], { expect }) => {
    const fake = cluster();
    await using task = await localTask(fake);
    await using it = await scene(fake, task.port, { misbehaviour });
    const proven = await it.prove({ endTimeoutMs: 300 });
    expect(brokenOf(proven)).toBeUndefined();
    expect(proven.ok).toBe(false);
    expect(proven.cleanup.finding?.cause).toMatch(cause);
  });
});
