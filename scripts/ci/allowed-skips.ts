import type { AllowedSkip } from './judge.ts';

/**
 * The tests that CI's machine (root, cgroup v1, no Docker of its own) cannot run. Any other skipped test fails the run, and
 * so does one of these that is not skipped, or is no more.
 */
export const allowedSkips: readonly AllowedSkip[] = [];
