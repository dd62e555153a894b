import { expect, onTestFinished, test } from 'vitest';
import { tightenUmask } from '../../../src/lib/process/umask.ts';

test.each([
  [0o000, 0o022, 0o022],
  [0o002, 0o022, 0o022],
  [0o077, 0o022, 0o077],
  [0o022, 0o077, 0o077],
])('umask %i, denied %i: %i', (before, denied, after) => {
  const usual = process.umask(before);
  onTestFinished(() => void process.umask(usual));
  tightenUmask(denied);
  expect(process.umask()).toBe(after);
});
