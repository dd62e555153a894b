// Tested in test/cluster/minikube/minikube.test.ts
import { isIP } from 'node:net';
import { instancePaths } from '../../instance/paths.ts';
import { UserError } from '../../lib/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { StepLimits } from '../provider.ts';
import { runMinikube } from './call.ts';
import { hostAddressArgs, updateContextArgs } from './commands.ts';
import { findPublisher } from './docker/container.ts';
import { findCovering, parsePublished } from './docker/published.ts';
import { rewriteKubeconfig } from './kubeconfig.ts';
import type { Provider } from './lifecycle.ts';
import type { ProfileConfig, ProfileState } from './profile.ts';

const findHostAddress = async ({ spec, minikube }: Provider, limits: StepLimits): Promise<string> => {
  const { stdout } = await runMinikube(minikube, hostAddressArgs(spec.profile), limits);
  const address = stdout.split(/\s+/).find((word) => isIP(word));
  if (address) return address;
  throw new UserError(`the node of ${spec.profile} cannot resolve host.minikube.internal`, {
    id: 'cluster.minikube-no-host',
    hint: `run: minikube start --profile ${spec.profile}, which writes it`,
  });
};

const vanished = (profile: string, state: string): UserError =>
  new UserError(`Minikube's profile ${profile} is ${state} right after its start`, {
    id: 'cluster.minikube-vanished',
    hint: 'does something else delete it? Run up again',
  });

const ensureKubeconfig = async ({ spec, minikube }: Provider, isReachable: boolean, limits: StepLimits) => {
  const { kubeconfigPath } = instancePaths(spec.instanceDir);
  if (!isReachable) await runMinikube(minikube, updateContextArgs(spec.profile), limits);
  await rewriteKubeconfig(kubeconfigPath, spec.profile);
  return kubeconfigPath;
};

/** The wanted ports where the profile has them, else what it has. */
const findPublished = async (
  { spec, minikube: { runner } }: Provider,
  { ExposedPorts }: ProfileConfig,
): Promise<Cluster['published']> => {
  const all = parsePublished(ExposedPorts ?? []);
  const ports = (spec.published && findCovering(spec.published, all)) ?? all[0];
  if (!ports) return undefined;
  const from = await findPublisher(runner, spec);
  return { ...ports, ...(from && { from }) };
};

/** Ensures the instance's kubeconfig for the running profile, and describes its cluster. */
export const describeCluster = async (
  provider: Provider,
  found: ProfileState,
  limits: StepLimits,
): Promise<Cluster> => {
  const { name, profile } = provider.spec;
  if (!('config' in found)) throw vanished(profile, found.state);
  const [kubeconfigPath, hostAddress] = await Promise.all([
    ensureKubeconfig(provider, found.isReachable, limits),
    findHostAddress(provider, limits),
  ]);
  const node = found.config.Nodes.find(({ ControlPlane }) => ControlPlane);
  if (!node?.IP) throw vanished(profile, 'without an address');
  const published = await findPublished(provider, found.config);
  const names = { name, kubeContext: profile, nodeName: profile };
  const addresses = { nodeAddress: node.IP, hostAddress };
  return { ...names, provider: 'minikube', kubeconfigPath, ...addresses, ...(published && { published }) };
};
