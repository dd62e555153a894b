import { release } from 'node:os';
import { type Command, CommandError, type Runner } from '../../../lib/process/runner.ts';
import type { DockerInfo } from './daemon.ts';

/** Why this host may not reach the node's address, and whether the ports that Docker publishes are on this host then. */
export type FarNode = { readonly because: string; readonly isRemote: boolean };

/** With these drivers, the node has an address on a bridge of this Linux host. */
const bridgeDrivers = ['docker', 'podman', 'kvm2', 'none'];

/** This machine, as far as it tells where a node runs. */
export type Host = { readonly platform: NodeJS.Platform; readonly kernel: string };

export const thisHost = (): Host => ({ platform: process.platform, kernel: release() });

type Facts = Pick<DockerInfo, 'OperatingSystem' | 'SecurityOptions' | 'KernelVersion'>;

/** Why a node may be unreachable from this host; undefined if it is reachable. `info`: of a Docker daemon. */
export const whyFar = (driver: string, info: Partial<Facts>, { platform, kernel }: Host): string | undefined => {
  const { OperatingSystem = '', SecurityOptions, KernelVersion = kernel } = info;
  if (platform !== 'linux') return `on ${platform} it runs in a virtual machine`;
  if (OperatingSystem.includes('Docker Desktop')) return 'Docker Desktop runs it in a virtual machine';
  if (SecurityOptions?.some((option) => option.includes('rootless'))) return 'rootless Docker has a separate network';
  if (KernelVersion !== kernel) return `Docker runs on another machine, with kernel ${KernelVersion}`;
  return bridgeDrivers.includes(driver) ? undefined : `the driver ${driver} has not been tested`;
};

/** The daemon that `docker` talks to: what DOCKER_HOST says, else that of the current context. */
export const endpointCommand: Command = ['docker', 'context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];

const local = /^(unix|npipe|fd):|^tcp:\/\/(127\.|localhost\b|\[::1\])/;

/** The endpoint of a daemon on another machine; undefined for one of this machine, or of a virtual machine on it. */
export const findRemote = async (runner: Runner): Promise<string | undefined> => {
  try {
    const { stdout } = await runner(endpointCommand, { timeoutMs: 10_000 });
    const endpoint = stdout.trim();
    return endpoint === '' || local.test(endpoint) ? undefined : endpoint;
  } catch (error) {
    // one without contexts: older than 19.03
    if (error instanceof CommandError) return undefined;
    throw error;
  }
};

/** Whether the node's ports can be published on this host: whatever runs it forwards them, unless it is elsewhere. */
export const isPublishable = (driver: string, { isRemote }: FarNode): boolean =>
  !isRemote && ['docker', 'podman'].includes(driver);

/** Where the node of a profile would run, if that is not a bridge of this host. */
export const findFarNode = async (
  runner: Runner,
  driver: string,
  info: Partial<Facts>,
  host: Host = thisHost(),
): Promise<FarNode | undefined> => {
  const because = whyFar(driver, info, host);
  if (because === undefined) return undefined;
  const remote = driver === 'docker' ? await findRemote(runner) : undefined;
  return remote ? { because: `Docker runs on ${remote}`, isRemote: true } : { because, isRemote: false };
};
