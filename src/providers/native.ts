import { totalmem } from 'node:os';
import type { Artifacts } from '../artifacts/artifacts.ts';
import { isBlockOf, listBlocked, unblockGone } from '../cluster/native/block.ts';
import { defaultMemoryMb } from '../cluster/native/isolation/limits.ts';
import { endLeftover } from '../cluster/native/leftover.ts';
import { linkName } from '../cluster/native/link.ts';
import { native } from '../cluster/native/native.ts';
import {
  type ChosenNetwork,
  chooseNetwork,
  describeUnblocked,
  findRouteTrouble,
  networkOf,
} from '../cluster/native/network.ts';
import { nativeKinds } from '../cluster/native/resources.ts';
import { type Routing, readRouting } from '../cluster/native/routes.ts';
import type { NodeSettings, NodeSoftware } from '../cluster/native/spec.ts';
import type { ClusterProvider } from '../cluster/provider.ts';
import type { Config } from '../config/config.ts';
import { imageRef, pins } from '../config/versions.ts';
import { listBlockNames } from '../instance/blocked.ts';
import { type Instance, listInstances, listNames, removeInstanceDir } from '../instance/instance.ts';
import { instanceDirOf, statePaths } from '../instance/paths.ts';
import type { NativeResource } from '../instance/record.ts';
import { withLock } from '../lib/process/lock.ts';
import type { Runner } from '../lib/process/runner.ts';
import { bySystemPath } from '../lib/process/system-path.ts';
import { launchDaemon } from '../supervisor/launch.ts';
import type { CommandContext, ProviderInput } from './context.ts';

const softwareOf = (artifacts: Artifacts | undefined): NodeSoftware => {
  if (!artifacts) throw new Error('a cluster cannot be started without artifacts');
  const { binaries, cniPluginsDir, path, env, policyEngine } = artifacts;
  return {
    kubernetesVersion: pins.kubernetes.version,
    binaries,
    cniPluginsDir,
    path,
    env,
    pauseImage: imageRef('pause'),
    ...(policyEngine && { policyEngine }),
  };
};

/** In a container the machine is what that may use. */
const machineMb = (): number => {
  const limit = process.constrainedMemory();
  return Math.floor(Math.min(totalmem(), limit > 0 ? limit : Number.POSITIVE_INFINITY) / 2 ** 20);
};

const nodeSettingsOf = ({ native, gateway, master }: Config): NodeSettings => {
  const { egress, memoryMb = defaultMemoryMb(machineMb()), pidsLimit } = native;
  return {
    fence: { egress, allowFrom: gateway.allowFrom ?? [], portRange: gateway.portRange, masterPort: master.port },
    limits: { memoryMb, machineMb: machineMb(), pids: pidsLimit },
  };
};

const isNative = (resource: { readonly kind: string }): resource is NativeResource =>
  nativeKinds.some((kind) => kind === resource.kind);

/** The native provider of an instance. */
export const nativeCluster = (
  { config, folders, runner }: CommandContext,
  { instance, artifacts }: ProviderInput,
): ClusterProvider => {
  const { name, cidr } = instance.record();
  if (!cidr) throw new Error(`instance ${name} has no network, so it is no native cluster`);
  return native(
    { name, instanceDir: instance.dir, network: networkOf(cidr), ...nodeSettingsOf(config) },
    {
      runner: bySystemPath(runner),
      launchSupervisor: launchDaemon,
      software: () => softwareOf(artifacts),
      templatesDir: folders.templatesDir,
      supervisorCommand: folders.supervisorCommand,
      resources: () => instance.record().journal.filter(isNative),
      journal: instance.journal,
      forget: instance.forget,
    },
  );
};

/**
 * Ends a native node whose record is gone, with what is left of its folder: data without their record are of no use. False
 * where there is none. Tested in test/process/leftover.test.ts.
 */
export const endLostNode = async ({ config, folders, runner }: CommandContext): Promise<boolean> => {
  const dir = instanceDirOf(folders.stateDir, config.name);
  if (!(await endLeftover(config.name, dir, runner))) return false;
  await removeInstanceDir(folders.stateDir, config.name);
  return true;
};

const routingFor = ({ config, folders, runner }: CommandContext): Promise<Routing> =>
  readRouting(bySystemPath(runner), linkName(instanceDirOf(folders.stateDir, config.name)));

/**
 * The /16 for a new instance: clear of the host's routes and of what other instances hold, running or not.
 * Tested in test/commands/up/check-machine.test.ts.
 */
export const chooseCidr = async (context: CommandContext): Promise<ChosenNetwork> => {
  const { config, folders } = context;
  const [routing, instances] = await Promise.all([routingFor(context), listInstances(folders.stateDir)]);
  const others = instances.flatMap(({ name, cidr }) => (name === config.name || !cidr ? [] : [cidr]));
  const routes = [...routing.routes, ...others.map((dst) => ({ dst, table: 'main' }))];
  const dir = instanceDirOf(folders.stateDir, config.name);
  const { blocks = [] } = routing;
  const own = blocks.filter((block) => isBlockOf(dir, block));
  const seen = { ...routing, routes, blocks: blocks.filter((block) => !own.includes(block)) };
  return chooseNetwork(
    config.network.cidr,
    seen,
    own.map(({ cidr }) => cidr),
  );
};

/** What is wrong with how this host routes the network of an instance that is there; undefined where nothing is. */
export const findCidrTrouble = async (context: CommandContext, cidr: string): Promise<string | undefined> => {
  const routing = await routingFor(context);
  return findRouteTrouble(cidr, routing) ?? describeUnblocked(cidr, routing);
};

/** `down` of an instance that is no native one does not run as root, which alone changes routes. */
const withRoot =
  (runner: Runner): Runner =>
  (command, options) =>
    runner(command[1] === 'route' && command.includes('delete') ? ['sudo', '-n', ...command] : command, options);

/**
 * Takes back what keeps networks unreachable of instances that this state folder has no more, and that have no link; by sudo
 * where this is not root. Gives the networks. Throws UserError `environment.machine`. Tested in test/providers/native.test.ts.
 */
export const forgetBlocks = async ({ folders, runner, signal }: CommandContext): Promise<readonly string[]> => {
  if (process.platform !== 'linux') return [];
  const { stateDir } = folders;
  const bySystem = bySystemPath(runner);
  const byRoot = process.getuid?.() === 0 ? bySystem : withRoot(bySystem);
  // no instance of such a name is made meanwhile
  return withLock(statePaths(stateDir).networkLock, { signal, onWait: () => undefined }, async () => {
    const there = await listNames(stateDir);
    const gone = (await listBlockNames(stateDir)).filter((name) => !there.includes(name));
    const dirs = gone.map((name) => instanceDirOf(stateDir, name));
    return unblockGone(dirs, byRoot);
  });
};

/** Whether this host refuses what is sent to an instance's network, now that its node is gone. */
export const isBlocked = async ({ runner }: CommandContext, { dir, record }: Instance): Promise<boolean> =>
  record().provider === 'native' && (await listBlocked(dir, bySystemPath(runner))).length > 0;
