import type { Instance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';
import type { Before } from './snapshot.ts';

/** Whether somebody else made the cluster: then only what is ours may be changed there, and the cluster stays. */
export const isForeignCluster = (instance: Instance): boolean => {
  const { provider, journal } = instance.record();
  return provider === 'attach' || journal.some((one) => one.kind === 'minikube-profile' && !one.owned);
};

/** What the cluster had before the first `up`; undefined before that has looked. */
export const findBefore = async (instance: Instance): Promise<Before | undefined> => {
  const text = await findTextFile(instancePaths(instance.dir).originalStatePath);
  return text === undefined ? undefined : (JSON.parse(text) as Before);
};

export const keepBefore = (instance: Instance, before: Before): Promise<void> =>
  writeFileAtomically(instancePaths(instance.dir).originalStatePath, `${JSON.stringify(before, null, 2)}\n`);
