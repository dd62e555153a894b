import { expect, test } from 'vitest';
import { killDaemon, killSupervisor, upAgain } from '../../../../src/commands/chaos/faults/up-again.ts';

const read = (journal: readonly object[]) => async () => ({ dir: '/nowhere', record: () => ({ journal }) }) as never;

test.each([
  ['exits with 0', 'exit 0'],
  ['exits with 0 and said something', 'echo up; exit 0'],
])('an up that %s has repaired it', async (_, script) => {
  await expect(upAgain(['/bin/sh', '-c', script])()).resolves.toBeUndefined();
});

test('an up that fails has not', async () => {
  await expect(upAgain(['/bin/sh', '-c', 'echo no node; exit 5'])()).rejects.toMatchObject({
    id: 'proof.not-recovered',
    message: 'the up that repairs it exited with 5: no node',
  });
});

test('an up is in a session of its own, so that a Ctrl-C for this process is none for it', async () => {
  const isLeader = 'read -r _ _ _ _ group _ </proc/$$/stat; test "$group" = "$$"';
  await expect(upAgain(['/bin/sh', '-c', isLeader])()).resolves.toBeUndefined();
});

test.each([
  ['supervisor', killSupervisor],
  ['tunnel daemon', killDaemon],
] as const)('where there is no %s, nothing was broken, and nothing is repaired', async (_, kill) => {
  let ups = 0;
  const fault = kill(read([]), async () => void ups++);
  await expect(fault.inject()).rejects.toMatchObject({ id: 'proof.not-injected' });
  await fault.repair?.();
  expect(ups).toBe(0);
});
