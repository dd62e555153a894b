import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { timeProcessDuring } from '../../scripts/bench/measure/minikube/process-time.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';

test.skipIf(process.platform !== 'linux')('a process below another one is timed, and nothing around it', async () => {
  const run = async () => {
    await pause(300);
    await execaRunner(['sh', '-c', 'sleep 0.6123; true']);
    await pause(300);
    return 'done';
  };
  const { result, processMs } = await timeProcessDuring((command) => command.includes('0.6123'), run);
  expect(result).toBe('done');
  expect(processMs).toBeGreaterThan(300);
  expect(processMs).toBeLessThan(1_100);
});

test('a process that never ran has no time, and a failure comes through', async () => {
  expect(
    await timeProcessDuring(
      () => false,
      async () => 1,
    ),
  ).toEqual({ result: 1 });
  await expect(
    timeProcessDuring(
      () => false,
      () => Promise.reject(new Error('broken')),
    ),
  ).rejects.toThrow('broken');
});
