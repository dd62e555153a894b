import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Instance } from '../instance/instance.ts';
import { instancePaths } from '../instance/paths.ts';
import type { InstanceRecord } from '../instance/record.ts';
import type { DriverSpec, ForwardSpec, TunnelDaemonSpec, TunnelSpec } from '../instance/tunnels.ts';
import { findTextFile } from '../lib/files.ts';
import type { PublicAddress } from '../model/master-endpoint.ts';
import type { TunnelDaemonStatus } from '../model/tunnel-status.ts';

/** What the tunnel keeper of an instance is to keep. */
export type WantedTunnels = {
  readonly tunnel?: Pick<TunnelSpec, 'driver' | 'master' | 'timings'> & {
    /** Set for a public one: hours after which it closes by itself. */
    readonly ttlHours?: number;
  };
  readonly forward?: ForwardSpec;
};

const hourMs = 3_600_000;

/** The ISO time so many hours from now. */
export const hoursFrom = (now: number, hours: number): string => new Date(now + hours * hourMs).toISOString();

/** The spec of the instance's last tunnel keeper, if it had one. */
export const readTunnelSpec = async (instanceDir: string): Promise<TunnelDaemonSpec | undefined> => {
  const text = await findTextFile(instancePaths(instanceDir).tunnelSpecPath);
  return text === undefined ? undefined : (JSON.parse(text) as TunnelDaemonSpec);
};

/**
 * What the instance's tunnel keeper keeps, also where it has died; undefined once it was ended on purpose: its file stays,
 * and is no reason to take up again what was given up.
 */
export const findKept = async ({ dir, record }: Pick<Instance, 'dir' | 'record'>) =>
  record().journal.some(({ kind }) => kind === 'tunnels') ? readTunnelSpec(dir) : undefined;

/** Whether a keeper with this spec keeps what is wanted; when it closes is its own matter. */
export const isAsWanted = ({ tunnel, forward }: TunnelDaemonSpec, wanted: WantedTunnels): boolean => {
  const core = (one: WantedTunnels['tunnel'] | TunnelSpec) =>
    one && { driver: one.driver, master: one.master, timings: one.timings };
  // as JSON has it: a setting that is left out and one that is undefined are the same
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
  return isDeepStrictEqual(plain([core(tunnel), forward]), plain([core(wanted.tunnel), wanted.forward]));
};

/** The address that running pods may know: what the keeper says that runs, else what the record says. */
export const findLastAddress = (
  { kind, settings }: DriverSpec,
  { master }: Pick<InstanceRecord, 'master'>,
  status?: TunnelDaemonStatus,
): PublicAddress | undefined => {
  if (status?.tunnel?.kind === kind && status.tunnel.address) return status.tunnel.address;
  if (master?.via !== kind) return undefined;
  // the record has the scheme that tasks speak; most tunnels carry bytes, whatever the scheme
  const endsTls = kind === 'ngrok' && !('tcpAddress' in settings && settings.tcpAddress);
  return { scheme: endsTls ? 'https' : 'http', host: master.host, port: master.port };
};

type Circumstances = { readonly last: PublicAddress | undefined; readonly now: number };

/** The spec for a new keeper. */
export const makeTunnelSpec = (
  { dir, record }: Pick<Instance, 'dir' | 'record'>,
  { tunnel, forward }: WantedTunnels,
  { last, now }: Circumstances,
): TunnelDaemonSpec => {
  const { tunnelSocketPath: socketPath, logsDir } = instancePaths(dir);
  const spec = { instance: record().name, socketPath, folder: dir, logsDir, ...(forward && { forward }) };
  if (!tunnel) return spec;
  const { ttlHours, ...kept } = tunnel;
  const secret = randomBytes(16).toString('hex');
  const until = ttlHours === undefined ? {} : { until: hoursFrom(now, ttlHours) };
  return { ...spec, tunnel: { ...kept, secret, ...until, ...(last && { previous: last }) } };
};
