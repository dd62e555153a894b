import type { Config } from '../../config/config.ts';
import { stopTunnelKeeper } from '../../daemon/find.ts';
import { wantedTunnelOf } from '../../daemon/from-settings.ts';
import { startTunnels } from '../../daemon/start.ts';
import { findKept, type WantedTunnels } from '../../daemon/wanted.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import { type MasterEndpoint, originOf, type TunnelKind } from '../../model/master-endpoint.ts';
import type { Step, StepTools } from '../../task-list/step.ts';
import { directEndpoint } from '../../tunnel/direct.ts';
import { chooseReach, endpointThrough, type Reach } from '../../tunnel/endpoint.ts';
import { findUrlTrouble } from '../../tunnel/relay/probe.ts';
import { need, stageTimeoutMs, type UpContext } from '../context.ts';
import { startCluster } from './start-cluster.ts';

/** Brings an instance's tunnel keeper to what is wanted; where nothing is, none runs. */
export const settleTunnels = async (context: UpContext, wanted: WantedTunnels, { signal, report }: StepTools) => {
  const instance = need(context, 'instance');
  if (wanted.tunnel || wanted.forward) {
    const { daemonCommand } = context.folders;
    return startTunnels({
      instance,
      wanted,
      daemonCommand,
      env: context.env,
      signal,
      timeoutMs: stageTimeoutMs(context),
      report,
    });
  }
  await stopTunnelKeeper(instance);
  return undefined;
};

/** The tunnel by which tasks reach the master, opened and proven by a nonce; forwards that there are go on. */
const openTunnel = async (context: UpContext, via: TunnelKind, tools: StepTools): Promise<MasterEndpoint> => {
  const forward = (await findKept(need(context, 'instance')))?.forward;
  const tunnel = need(context, 'wantedTunnel');
  const status = await settleTunnels(context, { tunnel, ...(forward && { forward }) }, tools);
  const address = status?.tunnel?.address;
  if (!address) throw new Error('a tunnel is up without an address');
  return endpointThrough(via, address, context.config.master.scheme);
};

/** A tunnel of an earlier `up` that is wanted no more; forwards go on. */
const closeTunnel = async (context: UpContext, tools: StepTools): Promise<void> => {
  const spec = await findKept(need(context, 'instance'));
  if (spec?.tunnel) await settleTunnels(context, spec.forward ? { forward: spec.forward } : {}, tools);
};

/** What of the user's own address tasks would not trust is told beside their own words about it. */
const checkUrl = async (
  context: UpContext,
  endpoint: MasterEndpoint,
  { signal }: StepTools,
): Promise<MasterEndpoint> => {
  const trouble = await findUrlTrouble(endpoint, { signal });
  if (trouble) context.notes.push(`master.url ${originOf(endpoint)}: ${trouble}`);
  return endpoint;
};

/** Makes a chosen way back, and tells where it leads. */
export const makeWayBack = async (context: UpContext, reach: Reach, tools: StepTools): Promise<MasterEndpoint> => {
  if (reach.via === 'url' || reach.via === 'direct') await closeTunnel(context, tools);
  if (reach.via === 'url') return checkUrl(context, reach.endpoint, tools);
  if (reach.via === 'direct') return directEndpoint(context.config.master, need(context, 'cluster'));
  context.wantedTunnel = wantedTunnelOf(reach, context.config);
  return openTunnel(context, reach.via, tools);
};

/** What `auto` takes where pods do not reach this host directly; undefined where the settings allow no tunnel. */
export const findTunnelInstead = (config: Config): Reach | undefined => {
  try {
    return chooseReach(config, false);
  } catch (error) {
    // without another way the direct one is tried, and a broken path has its own advice
    if (error instanceof UserError && error.id === 'tunnel.no-way-back') return undefined;
    throw error;
  }
};

/**
 * The way back of this run. The tunnel that `auto` came to before stays: pods that run dial it, and a proof that is
 * still good was made through it.
 */
export const chooseWayBack = (config: Config, { master: before }: Pick<InstanceRecord, 'master'>): Reach => {
  const wasTunnel = before?.via === 'ssh' || before?.via === 'ngrok';
  const instead = config.master.reach === 'auto' && wasTunnel ? findTunnelInstead(config) : undefined;
  return instead ? { ...instead, because: 'auto: as before' } : chooseReach(config);
};

/** How tasks reach the master. Beside the gateway's installation: a tunnel needs no cluster. */
export const openWayBack: Step<UpContext> = {
  title: 'Open the way back to the master',
  after: [startCluster],
  run: async (context, tools) => {
    const reach = chooseWayBack(context.config, need(context, 'instance').record());
    const master = await makeWayBack(context, reach, tools);
    context.master = master;
    return `${master.scheme}://${master.host}:${master.port}, ${reach.because}`;
  },
};
