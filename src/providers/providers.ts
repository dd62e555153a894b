import { describePorts } from '../cluster/minikube/docker/published.ts';
import type { ClusterTarget, MinikubeTarget } from '../instance/record.ts';
import type { ProviderName } from '../model/cluster.ts';
import { attachedCluster } from './attach.ts';
import type { MakeProvider } from './context.ts';
import { minikubeCluster } from './minikube.ts';
import { nativeCluster } from './native.ts';

const makers: Readonly<Record<ProviderName, MakeProvider>> = {
  native: nativeCluster,
  minikube: minikubeCluster,
  attach: attachedCluster,
};

/** The provider that an instance was made with. */
export const providerOf: MakeProvider = (context, input) => makers[input.instance.record().provider](context, input);

/**
 * Where an instance's cluster is, for people; undefined for one that has only a tunnel.
 * Tested in test/commands/up/check-machine.test.ts.
 */
export const describePlace = ({ cidr, minikube, attach }: ClusterTarget): string | undefined =>
  (cidr && `network ${cidr}`) ?? (minikube && describeProfile(minikube)) ?? (attach && `context ${attach.context}`);

const describeProfile = ({ profile, published }: MinikubeTarget): string =>
  `profile ${profile}${published ? `, ports published on ${describePorts(published)}` : ''}`;
