import type { Config } from '../../config/config.ts';
import { wantedTunnelOf } from '../../daemon/from-settings.ts';
import { findCurrentSpec } from '../../daemon/spec.ts';
import { startTunnels } from '../../daemon/start.ts';
import { stopTunnelDaemon } from '../../daemon/stop.ts';
import type { WantedTunnels } from '../../daemon/wanted.ts';
import type { Instance } from '../../instance/instance.ts';
import { ensureMasterCertificate, removeMasterCertificate } from '../../instance/master-certificate.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import { listTcpSockets, type TcpSocket } from '../../lib/process/sockets.ts';
import type { Cluster } from '../../model/cluster.ts';
import { type MasterEndpoint, originOf } from '../../model/master-endpoint.ts';
import { stateText } from '../../model/tunnel-status.ts';
import type { StepTools } from '../../task-list/step.ts';
import { chooseMasterRoute, directEndpoint, endpointThrough, type MasterRoute } from '../../tunnel/endpoint.ts';
import { findUrlTrouble } from '../../tunnel/relay/probe.ts';
import { stageTimeoutMs } from '../context.ts';
import { checkHealth } from './check-health.ts';
import { checkMachine } from './check-machine.ts';
import { type UpContext, upStep } from './context.ts';
import { prepareArtifacts } from './prepare-artifacts.ts';
import { startCluster } from './start-cluster.ts';

/** How tasks dial the master. */
export type ReversePath = {
  readonly master: MasterEndpoint;
  /** The tunnel to the master, where there is one. */
  readonly tunnel?: NonNullable<WantedTunnels['tunnel']>;
};

type Wanted = { readonly instance: Instance; readonly wanted: WantedTunnels };

/** Starts, keeps or stops an instance's tunnel daemon, as wanted. */
export const settleTunnels = async (
  { instance, wanted }: Wanted,
  context: UpContext,
  { signal, report }: StepTools,
) => {
  if (wanted.tunnel || wanted.forward) {
    const { daemonCommand } = context.folders;
    const limits = { signal, timeoutMs: stageTimeoutMs(context) };
    return startTunnels({ instance, wanted, daemonCommand, env: context.env, ...limits, report });
  }
  await stopTunnelDaemon(instance);
  return undefined;
};

type Opening = { readonly instance: Instance; readonly tunnel: NonNullable<WantedTunnels['tunnel']> };

/** The tunnel by which tasks reach the master, opened and proven by a nonce; forwards that there are go on. */
const openTunnel = async (
  { instance, tunnel }: Opening,
  context: UpContext,
  tools: StepTools,
): Promise<ReversePath> => {
  const forward = (await findCurrentSpec(instance))?.forward;
  const wanted = { tunnel, ...(forward && { forward }) };
  const status = await settleTunnels({ instance, wanted }, context, tools);
  const address = status?.tunnel?.address;
  if (!address) throw new Error('a tunnel is up without an address');
  if (status.tunnel?.state === 'open')
    tools.warn(`${stateText('open')}: ${status.tunnel.detail}; the proof from a pod decides`);
  return { master: endpointThrough(tunnel.driver.kind, address, context.config.master.scheme), tunnel };
};

/** Closes a tunnel of an earlier `up` that is no longer wanted; forwards go on. */
const closeTunnel = async (instance: Instance, context: UpContext, tools: StepTools): Promise<void> => {
  const spec = await findCurrentSpec(instance);
  if (!spec?.tunnel) return;
  await settleTunnels({ instance, wanted: spec.forward ? { forward: spec.forward } : {} }, context, tools);
};

/** Warns of a user-supplied URL that tasks would not trust. */
const checkUrl = async (endpoint: MasterEndpoint, { signal, warn }: StepTools): Promise<ReversePath> => {
  const trouble = await findUrlTrouble(endpoint, { signal });
  if (trouble) warn(`master.url ${originOf(endpoint)}: ${trouble}`);
  return { master: endpoint };
};

/** With `master.tls`: the certificate for the address that tasks dial, and for this host's own look at its master. */
const certify = async (instance: Instance, { master }: ReversePath, { config }: UpContext): Promise<void> => {
  if (!config.master.tls) return removeMasterCertificate(instance);
  await ensureMasterCertificate(instance, [master.host, 'localhost', '127.0.0.1']);
};

type ReversePathInput = { readonly instance: Instance; readonly cluster: Cluster; readonly reach: MasterRoute };

const openPath = async (
  { instance, cluster, reach }: ReversePathInput,
  context: UpContext,
  tools: StepTools,
): Promise<ReversePath> => {
  const tunnel = wantedTunnelOf(reach, context.config);
  if (tunnel) return openTunnel({ instance, tunnel }, context, tools);
  await closeTunnel(instance, context, tools);
  if (reach.via === 'url') return checkUrl(reach.endpoint, tools);
  return { master: directEndpoint(context.config.master, cluster) };
};

/** Opens the reverse path that was chosen. */
export const makeReversePath = async (
  { instance, cluster, reach }: ReversePathInput,
  context: UpContext,
  tools: StepTools,
): Promise<ReversePath> => {
  const path = await openPath({ instance, cluster, reach }, context, tools);
  await certify(instance, path, context);
  return path;
};

/** The tunnel that `auto` takes where pods do not reach this host; undefined where the settings allow none. */
export const findTunnelInstead = (config: Config): MasterRoute | undefined => {
  try {
    return chooseMasterRoute(config, false);
  } catch (error) {
    // without another path the direct one is tried, and a broken path has its own advice
    if (error instanceof UserError && error.id === 'tunnel.no-way-back') return undefined;
    throw error;
  }
};

/**
 * The reverse path of this run. The tunnel that `auto` came to before stays: pods that run dial it, and a proof that is
 * still good was made through it.
 */
export const chooseReversePath = (config: Config, { master: before }: Pick<InstanceRecord, 'master'>): MasterRoute => {
  const wasTunnel = before?.via === 'ssh' || before?.via === 'ngrok';
  const instead = config.master.reach === 'auto' && wasTunnel ? findTunnelInstead(config) : undefined;
  return instead ? { ...instead, because: 'auto: as before' } : chooseMasterRoute(config);
};

/** What to know while nobody has the master's port; undefined where somebody has, or it cannot be seen (no /proc). */
export const findFreePortNote = (port: number, sockets: readonly TcpSocket[]): string | undefined => {
  if (sockets.length === 0 || sockets.some((one) => one.isListening && one.port === port)) return undefined;
  return `no master listens on port ${port} of this host yet: until yours does, any user of this host can take the port, and gets what tasks send there; start it before you start tasks`;
};

/** How tasks reach the master. Runs beside the gateway's installation: a tunnel needs no cluster. */
export const openReversePath = upStep({
  title: 'Open the reverse path to the master',
  needs: { machine: checkMachine, programs: prepareArtifacts, health: checkHealth, started: startCluster },
  run: async (
    { machine: { instance }, programs, health, started: { cluster } },
    context,
    tools,
  ): Promise<ReversePath> => {
    const reach = chooseReversePath(context.config, instance.record());
    const path = await makeReversePath({ instance, cluster, reach }, context, tools);
    if (!health) await programs.provider.admitMaster?.(path.master);
    tools.note(`${originOf(path.master)}, ${reach.because}`);
    const isNoMatter = reach.via === 'url' || context.config.withMaster;
    const note = isNoMatter ? undefined : findFreePortNote(context.config.master.port, await listTcpSockets());
    if (note) tools.warn(note);
    return path;
  },
});
