import { randomBytes } from 'node:crypto';
import type { Instance } from '../instance/instance.ts';
import { instancePaths } from '../instance/paths.ts';
import type { InstanceRecord } from '../instance/record.ts';
import type { Deadline, DriverSpec, ForwardSpec, TunnelDaemonSpec } from '../instance/tunnels.ts';
import { UserError } from '../lib/errors.ts';
import { findTextFile } from '../lib/files.ts';
import { isFields, parseFields } from '../lib/json.ts';
import type { PublicAddress } from '../model/master-endpoint.ts';
import type { TunnelDaemonStatus } from '../model/tunnel-status.ts';
import { deadlineAfter, type Moment } from './expiry.ts';
import type { WantedTunnels } from './wanted.ts';

const parseSpec = (text: string, instanceDir: string): TunnelDaemonSpec => {
  const spec = parseFields(text);
  const isSound = [spec.tunnel, spec.forward].every((one) => one === undefined || isFields(one));
  if (typeof spec.instance === 'string' && isSound) return spec as unknown as TunnelDaemonSpec;
  const path = instancePaths(instanceDir).tunnelSpecPath;
  throw new UserError(`${path} is damaged`, {
    id: 'environment.instance-damaged',
    hint: `remove it: rm ${path}; then open the tunnel again: taskgate tunnel up`,
  });
};

/** The spec of the instance's last tunnel daemon, if it had one. Throws UserError `environment.instance-damaged`. */
export const readTunnelSpec = async (instanceDir: string): Promise<TunnelDaemonSpec | undefined> => {
  const text = await findTextFile(instancePaths(instanceDir).tunnelSpecPath);
  return text === undefined ? undefined : parseSpec(text, instanceDir);
};

/**
 * The spec of the instance's tunnel daemon, running or crashed; undefined once it was stopped: the file stays then, and
 * is no reason to open the tunnel again.
 */
export const findCurrentSpec = async ({ dir, record }: Pick<Instance, 'dir' | 'record'>) =>
  record().journal.some(({ kind }) => kind === 'tunnels') ? readTunnelSpec(dir) : undefined;

/** The address that running pods may know: as the running daemon reports it, else as recorded. */
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

/** The deadline of a tunnel or of forwards, if they have one. */
export const deadlineOf = ({ until, boot }: Partial<Deadline>): Deadline | undefined =>
  until === undefined ? undefined : { until, ...(boot && { boot }) };

type Now = Moment & { readonly last: PublicAddress | undefined };

/** The spec for a new daemon. Forwards that go on keep their deadline. */
export const makeTunnelSpec = (
  { dir, record }: Pick<Instance, 'dir' | 'record'>,
  { tunnel, forward }: WantedTunnels,
  { last, ...now }: Now,
): TunnelDaemonSpec => {
  const { tunnelSocketPath: socketPath, logsDir } = instancePaths(dir);
  const endOf = (hours: number | undefined) => (hours === undefined ? {} : deadlineAfter(now, hours));
  const { ttlHours: forwardHours, ...forwardSpec } = forward ?? {};
  const forwards = forward && { forward: { ...(forwardSpec as ForwardSpec), ...endOf(forwardHours) } };
  const spec = { instance: record().name, socketPath, folder: dir, logsDir, ...forwards };
  if (!tunnel) return spec;
  const { ttlHours, ...settings } = tunnel;
  const secret = randomBytes(16).toString('hex');
  return { ...spec, tunnel: { ...settings, secret, ...endOf(ttlHours), ...(last && { previous: last }) } };
};
