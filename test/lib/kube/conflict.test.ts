import { expect, test } from 'vitest';
import { KubeError } from '../../../src/lib/kube/client.ts';
import { retryOnConflict } from '../../../src/lib/kube/conflict.ts';

const failing = (times: number, error: Error) => {
  let calls = 0;
  const change = async () => {
    if (++calls <= times) throw error;
    return calls;
  };
  return { change, calls: () => calls };
};

const conflict = new KubeError(409, 'Conflict', 'modified');

test('a conflict is tried again, the fifth is thrown', async () => {
  expect(await retryOnConflict(failing(4, conflict).change)).toBe(5);
  const hopeless = failing(5, conflict);
  await expect(retryOnConflict(hopeless.change)).rejects.toBe(conflict);
  expect(hopeless.calls()).toBe(5);
});

test.each([new KubeError(409, 'AlreadyExists', 'there'), new Error('bug')])('%s is thrown at once', async (error) => {
  const { change, calls } = failing(1, error);
  await expect(retryOnConflict(change)).rejects.toBe(error);
  expect(calls()).toBe(1);
});
