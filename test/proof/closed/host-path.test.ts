import { expect, test } from 'vitest';
import { tryHostPathPod } from '../../../src/proof/closed/host-path.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';

const tryWith = async (message?: string) => {
  const refuse = () => (message ? refusal(403, 'Forbidden', message) : undefined);
  const fake = fakeKube({ kinds: ['v1/Pod'], refuse });
  const outcome = await tryHostPathPod(fake.kube, 'tasks');
  expect(fake.calls).toEqual(['create Pod tasks/taskgate-host-path (dry run)']);
  return outcome;
};

test('refused by Pod Security: closed; admitted: open; refused for another reason: not tried', async () => {
  const violation = 'violates PodSecurity "baseline:latest": hostPath volumes (volume "root")';
  expect(await tryWith(`pods "x" is forbidden: ${violation}`)).toMatchObject({
    outcome: 'closed',
    evidence: violation,
  });
  expect(await tryWith()).toMatchObject({
    outcome: 'open',
    finding: { cause: "namespace tasks admits pods that mount the node's files" },
  });
  const because = 'pods is forbidden: User "a" cannot create resource "pods"';
  expect(await tryWith(because)).toMatchObject({ outcome: 'untried', because });
});
