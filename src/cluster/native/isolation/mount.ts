// Tested in test/cluster/native/isolation/cgroups.test.ts
import type { SetupStep } from '../../../supervisor/spec.ts';

/** One line of fstab(5); `options` are mount(8)'s. */
export type Mount = {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: string;
};

/** Mounts one after the other, and makes the folders for it. */
export const mountSteps = (mounts: readonly Mount[]): readonly SetupStep[] =>
  mounts.flatMap(({ source, target, type, options }): SetupStep[] => [
    { run: ['mkdir', '-p', target] },
    { run: ['mount', '-t', type, '-o', options, source, target] },
  ]);
