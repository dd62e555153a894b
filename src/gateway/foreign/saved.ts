import type { Instance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';
import type { OriginalState } from './snapshot.ts';

/** Whether taskgate did not create the cluster: it then changes only its own objects there, and keeps the cluster. */
export const isForeignCluster = ({ record }: Pick<Instance, 'record'>): boolean => {
  const { provider, journal } = record();
  return provider === 'attach' || journal.some((one) => one.kind === 'minikube-profile' && !one.owned);
};

/** The cluster's state before the first `up`; undefined until that has been recorded. */
export const findOriginalState = async (instance: Instance): Promise<OriginalState | undefined> => {
  const text = await findTextFile(instancePaths(instance.dir).originalStatePath);
  return text === undefined ? undefined : (JSON.parse(text) as OriginalState);
};

export const saveOriginalState = (instance: Instance, original: OriginalState): Promise<void> =>
  writeFileAtomically(instancePaths(instance.dir).originalStatePath, `${JSON.stringify(original, null, 2)}\n`);
