import type { Instance } from './instance.ts';

/** Whether an instance has only a tunnel, to a cluster that taskgate has nothing to do with. */
export const isTunnelOnly = (instance: Instance): boolean => {
  const { cluster, cidr, minikube, attach, journal } = instance.record();
  return !cluster && !cidr && !minikube && !attach && journal.every(({ kind }) => kind === 'tunnels');
};
