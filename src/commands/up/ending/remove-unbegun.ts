import { findOriginalState } from '../../../gateway/foreign/saved.ts';
import { abandonInstance, removeInstance } from '../../../instance/instance.ts';
import { Interrupted } from '../../../lib/process/interrupted.ts';
import type { UpRun } from './result.ts';

/**
 * Removes an instance that this run made, and in which no cluster was begun; so is the place of its reports. One whose
 * journal names something stays, since only `down` removes that: a step that failed may not have cleaned up.
 */
export const removeUnbegun = async ({ context, result: { instance } }: UpRun): Promise<void> => {
  if (!instance) return;
  const { createdAt, journal, cluster, provider } = instance.record();
  const isUntouched = provider === 'attach' ? !(await findOriginalState(instance)) : !cluster;
  if (new Date(createdAt) < context.startedAt || journal.length > 0 || !isUntouched) return;
  await (context.signal.reason instanceof Interrupted ? removeInstance(instance) : abandonInstance(instance));
};
