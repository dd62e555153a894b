import type { InstanceRecord } from '../instance/record.ts';
import type { DriverSpec, SshSpec, TunnelDaemonSpec } from '../instance/tunnels.ts';
import { isLoopback, isPublic } from '../lib/cidr.ts';
import { hostAndPort } from '../lib/host-and-port.ts';
import type { ProviderName } from '../model/cluster.ts';
import { type MasterEndpoint, originOf } from '../model/master-endpoint.ts';
import type { ForwardStatus, PrivateEnd, TunnelDaemonStatus, TunnelStatus } from '../model/tunnel-status.ts';

/** An address at which the master or tasks can be reached. */
export type Exposure = {
  /** `task ports`, `master`, or a program of the node. */
  readonly what: string;
  readonly address: string;
  /** Who can reach it. */
  readonly to: string;
  /** What restricts its use. */
  readonly protection: string;
  /** Whether `to` was proven by an attempt from elsewhere; left out where it follows from what listens there. */
  readonly isVerified?: boolean;
  /** When it expires, as ISO time. */
  readonly until?: string;
};

export type ExposureInput = {
  readonly record: Pick<InstanceRecord, 'provider' | 'cluster' | 'gateway' | 'master'>;
  /** Of the tunnel daemon, if one runs. */
  readonly spec?: TunnelDaemonSpec | undefined;
  readonly status?: TunnelDaemonStatus | undefined;
  /** Ports of task listeners on each address of every node, which no list of allowed addresses limits. */
  readonly nodePorts?: readonly number[] | undefined;
};

const taskProtection =
  'nothing of their own: notebooks have TLS and a token, shells keys, TensorBoards and commands nothing';

const whoReachesNode: Readonly<Record<ProviderName, (address: string) => string>> = {
  native: () => 'this host, by its own link to the node',
  minikube: () => "this host, and what shares the network of Minikube's node",
  attach: (address) => `anyone who reaches ${address}`,
};

/** Where a list of allowed addresses decides. */
const admitted = (allowFrom: readonly string[] | undefined): string | undefined =>
  allowFrom && (allowFrom.length > 0 ? `connections from ${allowFrom.join(', ')}` : 'nobody');

const throughNodePorts = (nodePorts: readonly number[] = []): readonly Exposure[] => {
  if (nodePorts.length === 0) return [];
  const address = `each address of every node, ports ${nodePorts.join(', ')}`;
  return [{ what: 'task ports', address, to: 'anyone who reaches a node', protection: taskProtection }];
};

const taskPorts = ({ record, spec, status, nodePorts }: ExposureInput): readonly Exposure[] => {
  const { gateway, cluster, provider } = record;
  if (!gateway) return [];
  const forward = status?.forward && spec?.forward;
  const isPublished = gateway.via === 'published';
  const nodeAddress = forward || isPublished ? cluster?.nodeAddress : gateway.address;
  const { start, end } = gateway.portRange;
  const row = (host: string, to: string): Exposure => {
    return {
      what: 'task ports',
      address: hostAndPort({ host, port: `${start}-${end}` }),
      to,
      protection: taskProtection,
    };
  };
  const ends = status?.forward?.until && { until: status.forward.until };
  const here = (address: string): Exposure =>
    row(address, isLoopback(address) ? 'programs on this host' : 'anyone who reaches this host there');
  return [
    ...(isPublished ? [here(gateway.address)] : []),
    ...(nodeAddress ? [row(nodeAddress, admitted(gateway.allowFrom) ?? whoReachesNode[provider](nodeAddress))] : []),
    ...(forward && isServing(status?.forward) ? [{ ...here(forward.address), ...ends }] : []),
    ...throughNodePorts(nodePorts),
  ];
};

/** Whether a tunnel or forwards may still listen. */
const isServing = (status: Pick<TunnelStatus | ForwardStatus, 'state'> | undefined): boolean =>
  status !== undefined && status.state !== 'ended' && status.state !== 'failed';

const login = "the master's own login";

const callersOf = (allowFrom: readonly string[] | undefined): string =>
  allowFrom ? `, and only from ${allowFrom.join(', ')}` : '';

type Ends = Pick<Exposure, 'to' | 'protection' | 'isVerified'>;

const throughSsh = (settings: SshSpec, privateEnd: PrivateEnd | undefined): Ends => {
  const { host, bindAddress, allowFrom } = settings;
  const protection = `${login}${callersOf(allowFrom)}; not encrypted between tasks and ${host}`;
  const anyone = `anyone who reaches ${host}, the internet unless a firewall is there`;
  if (isPublic(bindAddress)) return { to: anyone, protection };
  if (privateEnd?.state === 'public') return { to: `${anyone} (${privateEnd.evidence})`, protection, isVerified: true };
  const asked = isLoopback(bindAddress) ? `programs on ${host}` : `the network of ${bindAddress}`;
  if (privateEnd?.state === 'proven') {
    return { to: `${asked} (proven: ${privateEnd.evidence})`, protection, isVerified: true };
  }
  const why = privateEnd?.evidence ?? 'not verified yet';
  return { to: `${asked}, if its sshd does as asked: ${why}`, protection, isVerified: false };
};

const throughTunnel = ({ kind, settings }: DriverSpec, { privateEnd }: TunnelStatus): Ends => {
  if (kind === 'ssh') return throughSsh(settings, privateEnd);
  const policy = settings.trafficPolicyFile ? `, and the traffic policy ${settings.trafficPolicyFile}` : '';
  return { to: 'the internet', protection: `${login}${policy}${callersOf(settings.allowFrom)}` };
};

const tunnelEnd = ({ spec, status }: ExposureInput): readonly Exposure[] => {
  const tunnel = status?.tunnel;
  if (!tunnel?.address || !spec?.tunnel || !isServing(tunnel)) return [];
  const { until } = tunnel;
  const row = {
    address: originOf(tunnel.address),
    ...throughTunnel(spec.tunnel.driver, tunnel),
    ...(until && { until }),
  };
  return [{ what: 'master', ...row }];
};

const withoutTunnel = (master: MasterEndpoint | undefined): readonly Exposure[] => {
  if (!master) return [];
  const address = originOf(master);
  if (master.via === 'direct') {
    return [{ what: 'master', address, to: 'pods, and anyone who reaches this host there', protection: login }];
  }
  if (master.via !== 'url') return [];
  const protection = `${login}, and what its owner has set up`;
  return [{ what: 'master', address, to: 'anyone whom its owner admits', protection }];
};

/** All exposed addresses of an instance: to whom, with what protection, until when. */
export const listExposure = (input: ExposureInput): readonly Exposure[] => [
  ...taskPorts(input),
  ...withoutTunnel(input.record.master),
  ...tunnelEnd(input),
];

/** One exposure as a line of text. */
export const describeExposure = ({ what, address, to, protection, until }: Exposure): string =>
  `${what} on ${address}, to ${to}; protected by ${protection}${until ? `; until ${until}` : ''}`;
