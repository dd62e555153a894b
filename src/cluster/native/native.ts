import { readFile } from 'node:fs/promises';
import { instancePaths } from '../../instance/paths.ts';
import type { NativeResource } from '../../instance/record.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { writeFileAtomically } from '../../lib/files.ts';
import { childrenOf, findProcess, isRunning, type ProcessIdentity } from '../../lib/process/processes.ts';
import type { Command, Runner } from '../../lib/process/runner.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Launched, LaunchOptions } from '../../supervisor/launch.ts';
import type { KeeperEvent, KeeperSpec } from '../../supervisor/spec.ts';
import type { ClusterProvider, ClusterState, StepLimits } from '../provider.ts';
import { cgroupPaths, createCgroups, parseHierarchies, settleCgroupV2 } from './cgroups.ts';
import { nodeChildren, systemPath } from './components.ts';
import { importImages } from './images.ts';
import { hostMark, linkCommands, linkName } from './link.ts';
import { isolatedCommand, namespaceSetup } from './namespaces.ts';
import type { NativeNetwork } from './network.ts';
import { writeNodeFiles } from './node-files.ts';
import { ensurePki } from './pki.ts';
import { removeResource } from './resources.ts';
import { type NativePlace, type NativeSpec, type NodeSoftware, nodeName } from './spec.ts';

/** What the provider needs from others: each is a plain function, so that parts stay apart. */
export type NativeTools = {
  readonly runner: Runner;
  /** Asked for only by `start` and `loadImages`. */
  readonly software: () => NodeSoftware;
  /** Where templates/ lies. */
  readonly templatesDir: string;
  /** Program and first arguments that start a keeper; the path of its spec is added. */
  readonly supervisorCommand: readonly [string, ...string[]];
  readonly launchKeeper: (command: Command, options: LaunchOptions) => Launched;
  /** What the instance's journal holds now. */
  readonly resources: () => readonly NativeResource[];
  /** Writes a resource to the journal; awaited before it is made. */
  readonly journal: (resource: NativeResource) => Promise<void>;
  /** Strikes a resource from the journal, after it was removed. */
  readonly forget: (resource: NativeResource) => Promise<void>;
};

const findKeeper = (resources: readonly NativeResource[]): ProcessIdentity | undefined =>
  resources.findLast((resource) => resource.kind === 'keeper')?.process;

/** Only a keeper that runs: by another one's pid containerd would be looked for in a stranger's namespaces. */
const findRunningKeeper = async (resources: readonly NativeResource[]): Promise<ProcessIdentity | undefined> => {
  const keeper = findKeeper(resources);
  return keeper && (await isRunning(keeper)) ? keeper : undefined;
};

const findState = async (resources: readonly NativeResource[]): Promise<ClusterState> => {
  if (await findRunningKeeper(resources)) return 'running';
  return resources.length > 0 ? 'stopped' : 'absent';
};

const clusterOf = ({ name, instanceDir, network }: NativePlace): Cluster => ({
  name,
  provider: 'native',
  kubeconfigPath: instancePaths(instanceDir).kubeconfigPath,
  kubeContext: nodeName(name),
  nodeName: nodeName(name),
  nodeAddress: network.nodeAddress,
  hostAddress: network.hostAddress,
});

/** Wires the node to the host. Throws UserError `environment.subnet-taken` when a route is in the way by now. */
const wire = async (link: string, pid: number, { network, runner }: { network: NativeNetwork; runner: Runner }) => {
  for (const command of linkCommands(link, pid, network)) {
    await runner(command).catch((cause) => {
      throw new UserError(`the node could not be wired to this host: ${messageOf(cause)}`, {
        id: 'environment.subnet-taken',
        hint: `does something else use ${network.cidr}? Take the instance down and name another /16 with --network-cidr`,
        cause,
      });
    });
  }
};

const reportEvent = (event: KeeperEvent, report: StepLimits['report']): void => {
  if (event.event !== 'child') return;
  report?.(`${event.name}: ${event.state}${event.detail ? ` (${event.detail})` : ''}`);
};

/** Starts the keeper in its namespaces, wires them to the host, and waits until the API server answers. */
const startNode = async (
  spec: NativeSpec,
  tools: NativeTools,
  { signal, timeoutMs, report }: StepLimits,
): Promise<void> => {
  const { runner, journal } = tools;
  const paths = instancePaths(spec.instanceDir);
  const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
  const cgroups = cgroupPaths(hierarchies, `${spec.name}-${hostMark(spec.instanceDir)}`);
  const link = linkName(spec.instanceDir);
  await journal({ kind: 'cgroups', paths: cgroups });
  await journal({ kind: 'link', name: link });
  await createCgroups(cgroups);

  const keeperSpec: KeeperSpec = {
    instance: spec.name,
    socketPath: paths.supervisorSocketPath,
    logsDir: paths.logsDir,
    setup: namespaceSetup(hierarchies, spec.instanceDir),
    children: nodeChildren(spec),
  };
  await writeFileAtomically(paths.supervisorSpecPath, JSON.stringify(keeperSpec, null, 2));
  const keeper = tools.launchKeeper(isolatedCommand([...tools.supervisorCommand, paths.supervisorSpecPath], cgroups), {
    logPath: paths.supervisorLogPath,
    logsDir: paths.logsDir,
    env: { PATH: systemPath.join(':') },
    signal,
    timeoutMs,
    onEvent: (event) => reportEvent(event, report),
  });
  const journalled = findProcess(keeper.pid).then((process) => process && journal({ kind: 'keeper', process }));
  const filesWritten = writeNodeFiles(spec, tools.templatesDir).then(() => ensurePki(spec, runner));
  await Promise.all([journalled, filesWritten, keeper.furnished()]);
  const [inner = keeper.pid] = await childrenOf(keeper.pid);
  await settleCgroupV2(hierarchies, cgroups);
  await wire(link, inner, { network: spec.network, runner });
  signal.throwIfAborted();
  keeper.go();
  await keeper.ready('kube-apiserver');
  signal.throwIfAborted();
  keeper.detach();
};

const removeAll = async ({ resources, runner, forget }: NativeTools): Promise<void> => {
  for (const resource of resources().toReversed()) {
    await removeResource(resource, runner);
    await forget(resource);
  }
};

/** Kubernetes from child processes inside private namespaces: no Docker, no VM, Linux and root only. */
export const native = (place: NativePlace, tools: NativeTools): ClusterProvider => ({
  find: () => findState(tools.resources()),
  start: async (limits) => {
    if ((await findState(tools.resources())) !== 'running') {
      await removeAll(tools);
      await startNode({ ...place, ...tools.software() }, tools, limits);
    }
    return clusterOf(place);
  },
  loadImages: (archive, refs, limits) => {
    const { ctr } = tools.software().binaries;
    const find = () => findRunningKeeper(tools.resources());
    return importImages({ ctr, archive, refs, runner: tools.runner, findKeeper: find, ...limits });
  },
  stop: () => removeAll(tools),
  delete: () => removeAll(tools),
});
