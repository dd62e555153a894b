import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP, isIPv4 } from 'node:net';
import { join } from 'node:path';
import { hasBlock } from '../../instance/blocked.ts';
import { instancePaths, nodePaths } from '../../instance/paths.ts';
import type { NativeResource } from '../../instance/record.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';
import { childrenOf, findProcess, isRunning, type ProcessIdentity } from '../../lib/process/processes.ts';
import { type Command, type Runner, stoppedBy } from '../../lib/process/runner.ts';
import { systemPath } from '../../lib/process/system-path.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';
import type { LaunchedDaemon, LaunchOptions } from '../../supervisor/launch.ts';
import type { StarterEvent, SupervisorSpec } from '../../supervisor/spec.ts';
import { untilChildrenReady } from '../../supervisor/until-ready.ts';
import type { ClusterProvider, ClusterState, ProviderJournal, StepLimits } from '../provider.ts';
import { unblockNetworks } from './block.ts';
import { nodeChildren, policyEngineName } from './components.ts';
import { connectNetwork } from './connect.ts';
import { nodeStore } from './images/node-store.ts';
import { importImages } from './images.ts';
import {
  cgroupPaths,
  delegateCgroupV2,
  joinedCgroupPaths,
  nodeCgroupPaths,
  parseHierarchies,
} from './isolation/cgroups.ts';
import { fenceCommand, fenceSetup, firstMaster, hasFence, renderFenceChange } from './isolation/firewall.ts';
import { readHostTree } from './isolation/host-tree.ts';
import { droppedCapabilities, isolatedCommand, namespaceSetup } from './isolation/namespaces.ts';
import { makeNodeCgroups } from './isolation/node-cgroups.ts';
import { findUnshare } from './isolation/unshare.ts';
import { cgroupLabel } from './leftover.ts';
import { linkName } from './link.ts';
import { chooseSnapshotter, findSnapshotter } from './machine/snapshotter.ts';
import { writeNodeFiles } from './node-files.ts';
import { ensurePki } from './pki.ts';
import { removeResource } from './resources.ts';
import { type NativeSpec, type NativeTarget, type NodeSettings, type NodeSoftware, nodeName } from './spec.ts';

/** What the provider needs from other parts, as plain functions. */
export type NativeTools = ProviderJournal<NativeResource> & {
  readonly runner: Runner;
  /** Called only by `start` and `loadImages`. */
  readonly software: () => NodeSoftware;
  /** The folder templates/. */
  readonly templatesDir: string;
  /** Program and first arguments of a supervisor; the path of its spec is added. */
  readonly supervisorCommand: readonly [string, ...string[]];
  readonly launchSupervisor: (command: Command, options: LaunchOptions) => LaunchedDaemon;
};

/** Only a running supervisor: the pid of a dead one may belong to a process in other namespaces. */
const findRunningSupervisor = async (resources: readonly NativeResource[]): Promise<ProcessIdentity | undefined> => {
  const supervisor = resources.findLast((resource) => resource.kind === 'keeper')?.process;
  return supervisor && (await isRunning(supervisor)) ? supervisor : undefined;
};

/** The supervisor's own child, which is in the node's namespaces. */
const findNodePid = async (resources: readonly NativeResource[]): Promise<number | undefined> => {
  const supervisor = await findRunningSupervisor(resources);
  const [pid] = supervisor ? await childrenOf(supervisor.pid).catch(() => []) : [];
  return pid;
};

const findState = async (resources: readonly NativeResource[]): Promise<ClusterState> => {
  if (await findRunningSupervisor(resources)) return 'running';
  return resources.length > 0 ? 'stopped' : 'absent';
};

const clusterOf = ({ name, instanceDir, network }: NativeTarget): Cluster => ({
  name,
  provider: 'native',
  kubeconfigPath: instancePaths(instanceDir).kubeconfigPath,
  kubeContext: nodeName(name),
  nodeName: nodeName(name),
  nodeAddress: network.nodeAddress,
  hostAddress: network.hostAddress,
});

const reportEvent = (event: StarterEvent, report: StepLimits['report']): void => {
  if (event.event !== 'child') return;
  report?.(`${event.name}: ${event.state}${event.detail ? ` (${event.detail})` : ''}`);
};

/** Starts the supervisor in namespaces, connects their network, and waits until the API server answers. */
const startNode = async (spec: NativeSpec, tools: NativeTools, limits: StepLimits): Promise<void> => {
  const { signal, timeoutMs, report } = limits;
  const { runner, journal } = tools;
  const paths = instancePaths(spec.instanceDir);
  const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
  const cgroups = cgroupPaths(hierarchies, cgroupLabel(spec.name, spec.instanceDir));
  await journal({ kind: 'cgroups', paths: cgroups });
  await journal({ kind: 'link', name: linkName(spec.instanceDir) });
  const moved = await makeNodeCgroups(hierarchies, cgroups, spec.limits);
  if (moved) report?.(moved);

  const supervisorSpec: SupervisorSpec = {
    instance: spec.name,
    socketPath: paths.supervisorSocketPath,
    logsDir: paths.logsDir,
    setup: [...namespaceSetup(await readHostTree(spec), hierarchies, spec.instanceDir), ...fenceSetup(spec)],
    children: nodeChildren(spec),
  };
  const unshare = await findUnshare(paths.nodeDir);
  const snapshotter = await chooseSnapshotter(paths.nodeDir, stoppedBy(signal, runner), unshare);
  signal.throwIfAborted();
  await writeFileAtomically(paths.supervisorSpecPath, JSON.stringify(supervisorSpec, null, 2));
  const command = isolatedCommand([...tools.supervisorCommand, paths.supervisorSpecPath], nodeCgroupPaths(cgroups), {
    dropped: droppedCapabilities,
    unshare,
  });
  const supervisor = tools.launchSupervisor(command, {
    logPath: paths.supervisorLogPath,
    logsDir: paths.logsDir,
    env: { PATH: systemPath.join(':') },
    signal,
    timeoutMs,
    onEvent: (event) => reportEvent(event, report),
  });
  const { pid } = supervisor;
  if (pid === undefined) return supervisor.ended;
  const journalled = findProcess(pid).then((process) => process && journal({ kind: 'keeper', process }));
  const filesWritten = writeNodeFiles(spec, { templatesDir: tools.templatesDir, snapshotter }).then(() =>
    ensurePki(spec, runner),
  );
  await Promise.all([journalled, filesWritten, supervisor.untilSetUp()]);
  const [inner = pid] = await childrenOf(pid);
  await delegateCgroupV2(hierarchies, cgroups);
  await connectNetwork(spec, inner, runner);
  signal.throwIfAborted();
  supervisor.go();
  await supervisor.untilReady('kube-apiserver');
  signal.throwIfAborted();
  supervisor.detach();
};

/** A name's addresses are those that this host sees now: the node's own DNS knows no others than the cluster's. */
const addressesOf = async (host: string): Promise<readonly string[]> => {
  if (isIP(host)) return [host].filter(isIPv4);
  const found = await lookup(host, { all: true, family: 4 }).catch(() => []);
  return found.map(({ address }) => address);
};

const isFirstMaster = (target: NativeTarget & NodeSettings, { host, port }: MasterEndpoint): boolean => {
  const first = firstMaster(target);
  return first.addresses.includes(host) && first.port === port;
};

/** Replaces the fence of a node that runs: pods reach this master, and no longer another. Throws UserError `cluster.fence`. */
const admitMaster = async (spec: NativeSpec, { host, port }: MasterEndpoint, tools: NativeTools): Promise<void> => {
  const pid = await findNodePid(tools.resources());
  if (pid === undefined) return;
  const master = { addresses: await addressesOf(host), port };
  const rules = renderFenceChange({ network: spec.network, settings: spec.fence, master });
  const cgroups = tools.resources().flatMap((one) => (one.kind === 'cgroups' ? one.paths : []));
  await tools.runner(fenceCommand(spec, pid, await joinedCgroupPaths(cgroups)), { input: rules }).catch((cause) => {
    throw new UserError(`cannot change the rules of the node's network: ${messageOf(cause)}`, {
      id: 'cluster.fence',
      hint: `take the instance down and up again: taskgate down --name ${spec.name}`,
      cause,
    });
  });
};

const removeAll = async ({ resources, runner, forget }: NativeTools): Promise<void> => {
  for (const resource of resources().toReversed()) {
    await removeResource(resource, runner);
    await forget(resource);
  }
};

/** What the node that runs was started without, and is wanted now. An engine without policies does nothing. */
const findLack = async ({ instanceDir }: NativeTarget, { policyEngine }: NodeSoftware): Promise<string | undefined> => {
  const text = await findTextFile(instancePaths(instanceDir).supervisorSpecPath);
  const { children = [], setup = [] } = text === undefined ? {} : (JSON.parse(text) as Partial<SupervisorSpec>);
  if (!hasFence(setup)) return 'with the rules and limits that an older taskgate did not give it';
  const hasEngine = children.some(({ name }) => name === policyEngineName);
  return policyEngine && !hasEngine ? 'with the engine for network policies' : undefined;
};

/** Starts a node that does not run; one that lacks something is restarted, with its data. False if it runs on. */
const startUnlessRunning = async (
  target: NativeTarget & NodeSettings,
  tools: NativeTools,
  limits: StepLimits,
): Promise<boolean> => {
  const software = tools.software();
  if ((await findState(tools.resources())) === 'running') {
    const lack = await findLack(target, software);
    if (lack === undefined) return false;
    limits.report?.(`restarting the node ${lack}; what ran on it ends`);
  }
  await removeAll(tools);
  await startNode({ ...target, ...software }, tools, limits);
  return true;
};

/**
 * Kubernetes as child processes inside private namespaces: no Docker, no VM, Linux and root only.
 * Tested in test/e2e/up-down.test.ts.
 */
export const native = (target: NativeTarget & NodeSettings, tools: NativeTools): ClusterProvider => {
  let isNew = false;
  return {
    find: () => findState(tools.resources()),
    start: async (limits) => {
      isNew = (await startUnlessRunning(target, tools, limits)) || isNew;
      return clusterOf(target);
    },
    images: nodeStore(target.instanceDir, { ...tools, findNodePid: () => findNodePid(tools.resources()) }),
    loadImages: async (archive, refs, limits) => {
      const { ctr } = tools.software().binaries;
      const findPid = () => findNodePid(tools.resources());
      const snapshotter = await findSnapshotter(join(nodePaths(target.instanceDir).configDir, 'containerd.toml'));
      return importImages({ ctr, archive, refs, snapshotter, runner: tools.runner, findNodePid: findPid, ...limits });
    },
    awaitProcesses: (limits) => {
      const { supervisorSocketPath: socketPath, logsDir } = instancePaths(target.instanceDir);
      return untilChildrenReady({ ...limits, socketPath, logsDir });
    },
    admitMaster: async (master) => {
      // a new node does already; to change its rules while everything starts takes a second or two
      if (isNew && isFirstMaster(target, master)) return;
      isNew = false;
      await admitMaster({ ...target, ...tools.software() }, master, tools);
    },
    stop: () => removeAll(tools),
    delete: async ({ keepsBlock = false } = {}) => {
      const { instanceDir } = target;
      // first: without a journal nobody would look for it; a start that failed has emptied that
      const mayBlock = tools.resources().length > 0 || (await hasBlock(instanceDir));
      if (!keepsBlock && mayBlock) await unblockNetworks(instanceDir, tools.runner);
      await removeAll(tools);
    },
  };
};
