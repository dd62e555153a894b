import { expect, test } from 'vitest';
import { freePort } from '../../support/proof/local-path.ts';
import { brokenOf, cluster, findBroken, leftOf, localTask, scene } from '../../support/proof/real-master.ts';

const refused = /GET \/api\/v1\/tasks\/\S+\/logs gave 404: Not Found/;

test('a log that cannot be read is no line of it: a task that ended is told without last words, and with the reason', async () => {
  const exitStatus = 'resources failed with non-zero exit code:  (exit code 3)';
  const broken = await findBroken(cluster(), { refusesLogs: true, endsAs: { exitStatus } });
  expect(broken.finding?.cause).toMatch(
    /^the task is STATE_TERMINATED, .*exit code 3\); its log could not be read: GET /,
  );
  expect(broken.finding?.cause).toMatch(refused);
  expect(broken.finding?.cause).not.toContain('ends with');
});

test('nor does it show that a program has not started', async () => {
  const fake = cluster();
  await using it = await scene(fake, await freePort(), { misbehaviour: { refusesLogs: true } });
  const { hops } = await it.prove();
  expect(hops.map(({ finding }) => finding?.cause ?? '').join()).not.toContain('task log');
  const reverse = hops.at(-1);
  expect(reverse).toMatchObject({ direction: 'reverse', ok: false });
  expect(reverse?.evidence).toMatch(/^not proven: its task log could not be read: GET /);
  expect(reverse?.evidence).toMatch(refused);
  expect(leftOf(fake)).toEqual([]);
});

test('a task that answers is proven without its log', async () => {
  const fake = cluster();
  await using task = await localTask(fake);
  await using it = await scene(fake, task.port, { misbehaviour: { refusesLogs: true } });
  const proven = await it.prove();
  expect(brokenOf(proven)).toBeUndefined();
  expect(proven.hops.at(-1)).toMatchObject({ direction: 'reverse', ok: true });
});
