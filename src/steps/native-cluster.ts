import { join } from 'node:path';
import type { Artifacts } from '../artifacts/artifacts.ts';
import { linkName, listRoutesCommand, parseRoutes } from '../cluster/native/link.ts';
import { native } from '../cluster/native/native.ts';
import { chooseNetwork, networkOf } from '../cluster/native/network.ts';
import type { NodeSoftware } from '../cluster/native/spec.ts';
import type { ClusterProvider } from '../cluster/provider.ts';
import { imageRef, pins } from '../config/versions.ts';
import { type Instance, instancesDir, listInstances } from '../keeper/instance.ts';
import { launchKeeper } from '../keeper/launch.ts';
import type { KeeperEvent } from '../keeper/spec.ts';
import type { CommandContext } from './context.ts';

const softwareOf = ({ binaries, cniPluginsDir, path, env }: Artifacts): NodeSoftware => ({
  kubernetesVersion: pins.kubernetes.version,
  binaries,
  cniPluginsDir,
  path,
  env,
  pauseImage: imageRef('pause'),
});

export type NativeClusterInput = {
  readonly instance: Instance;
  /** Asked for only when the cluster is started; to look at it or take it down, none are needed. */
  readonly artifacts?: () => Artifacts;
  readonly onEvent?: (event: KeeperEvent) => void;
};

const noArtifacts = (): never => {
  throw new Error('a cluster cannot be started without artifacts');
};

/** The native provider of an instance. */
export const nativeCluster = (
  { places, runner }: CommandContext,
  { instance, artifacts = noArtifacts, onEvent }: NativeClusterInput,
): ClusterProvider => {
  const { name, cidr } = instance.record();
  if (!cidr) throw new Error(`instance ${name} has no network, so it is no native cluster`);
  return native(
    { name, instanceDir: instance.dir, network: networkOf(cidr) },
    {
      runner,
      launchKeeper,
      software: () => softwareOf(artifacts()),
      templatesDir: places.templatesDir,
      keeperCommand: places.keeperCommand,
      resources: () => instance.record().journal,
      journal: instance.journal,
      forget: instance.forget,
      ...(onEvent && { onEvent }),
    },
  );
};

/** The /16 for a new instance: clear of the host's routes and of what other instances hold, running or not. */
export const chooseCidr = async ({ config, places, runner }: CommandContext): Promise<string> => {
  const [{ stdout }, instances] = await Promise.all([runner(listRoutesCommand), listInstances(places.stateDir)]);
  const taken = instances.flatMap(({ name, cidr }) => (name === config.name || !cidr ? [] : [cidr]));
  return chooseNetwork(config.network.cidr, [
    ...parseRoutes(stdout, linkName(join(instancesDir(places.stateDir), config.name))),
    ...taken,
  ]).cidr;
};
