import type { Instance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';
import type { OriginalState } from './snapshot.ts';

/** Whether somebody else made the cluster: then only what is ours may be changed there, and the cluster stays. */
export const isForeignCluster = (instance: Instance): boolean => {
  const { provider, journal } = instance.record();
  return provider === 'attach' || journal.some((one) => one.kind === 'minikube-profile' && !one.owned);
};

/** What the cluster had before the first `up`; undefined before that has looked. */
export const findOriginalState = async (instance: Instance): Promise<OriginalState | undefined> => {
  const text = await findTextFile(instancePaths(instance.dir).originalStatePath);
  return text === undefined ? undefined : (JSON.parse(text) as OriginalState);
};

export const saveOriginalState = (instance: Instance, original: OriginalState): Promise<void> =>
  writeFileAtomically(instancePaths(instance.dir).originalStatePath, `${JSON.stringify(original, null, 2)}\n`);
