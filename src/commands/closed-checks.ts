import type { Config } from '../config/config.ts';
import type { InstanceRecord } from '../instance/record.ts';
import type { ClosedCheck } from '../proof/closed/closed.ts';

/**
 * The negative proofs that the settings and the kind of cluster promise: each must fail to reach what it dials.
 * Tested in test/e2e/up-down.test.ts.
 */
export const closedChecksOf = (_config: Config, _record: InstanceRecord): readonly ClosedCheck[] => [];
