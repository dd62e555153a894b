import type { Instance } from './instance.ts';

/** Whether an instance has only a tunnel, to a cluster that taskgate does not manage. Tested in test/golden/instance.test.ts. */
export const isTunnelOnly = (instance: Instance): boolean => {
  const { cluster, cidr, minikube, attach, journal } = instance.record();
  return !cluster && !cidr && !minikube && !attach && journal.every(({ kind }) => kind === 'tunnels');
};
