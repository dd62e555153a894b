import { connect } from 'node:net';
import type { SshSpec } from '../../instance/tunnels.ts';
import { isLoopback } from '../../lib/cidr.ts';
import { type ConnectFailure, connectFailureOf } from '../../lib/connect-failure.ts';
import { UserError } from '../../lib/errors.ts';
import type { PublicAddress } from '../../model/master-endpoint.ts';
import type { Finding } from '../../model/path.ts';

/** The result of dialling it. `elsewhere`: the connection is accepted, but does not come through the tunnel. */
export type PublicEndOutcome = 'arrived' | 'elsewhere' | ConnectFailure;

export type PublicEnd = { readonly outcome: PublicEndOutcome; readonly seen: string };

export type PublicEndOptions = {
  /** Resolves when a connection to the public end comes out here. */
  readonly arrival: Promise<unknown>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/** Dials the public end from this host and checks whether the connection comes back through the tunnel. */
export const verifyPublicEnd = (
  { host, port }: PublicAddress,
  { arrival, timeoutMs, signal }: PublicEndOptions,
): Promise<PublicEnd> =>
  new Promise((resolve) => {
    let isConnected = false;
    const socket = connect({ host, port, signal });
    const end = (outcome: PublicEndOutcome, seen: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ outcome, seen: `${host}:${port} ${seen}` });
    };
    const late = () => {
      if (!isConnected) end('timeout', `gave no answer in ${timeoutMs} ms`);
      else end('elsewhere', `accepted a connection that did not come through the tunnel in ${timeoutMs} ms`);
    };
    const timer = setTimeout(late, timeoutMs);
    socket.on('connect', () => {
      isConnected = true;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // a connection that was accepted and then reset may still come through: nothing may listen at the local end yet
      isConnected ||= error.code === 'ECONNRESET';
      if (!isConnected) end(connectFailureOf(error) ?? 'unreachable', error.message);
    });
    void arrival.then(() => end('arrived', 'leads here'));
  });

const elsewhere = ({ host, port }: PublicAddress, { bindAddress }: SshSpec): Finding => ({
  cause: `another program answers on ${host}:${port}: it holds that port for IPv4 or IPv6, and sshd got only the other one, which ExitOnForwardFailure does not treat as a failure`,
  hint: `find it (ss -ltnp 'sport = :${port}' on the server) and stop it, or choose another ssh.remotePort${bindAddress === '0.0.0.0' ? '; with GatewayPorts clientspecified instead of yes sshd would have reported an error' : ''}`,
});

const refused = ({ host, port }: PublicAddress, { bindAddress }: SshSpec): Finding => ({
  cause: `${host} refuses port ${port}, although sshd reports that it listens: it listens on loopback only (GatewayPorts no, the default)`,
  hint: `set GatewayPorts clientspecified in /etc/ssh/sshd_config of the server, then reload sshd${isLoopback(bindAddress) ? `; and ssh.bindAddress, which is ${bindAddress}, to 0.0.0.0` : ''}; if it is set, a firewall rejects the port`,
});

const unseenCauses = {
  unresolved: (host: string) => `no address is known here for ${host}`,
  unreachable: (host: string, port: number) => `this host has no route to ${host}:${port}, or a firewall rejects it`,
  timeout: (host: string, port: number) => `${host}:${port} gives this host no answer: a firewall drops its packets`,
} as const;

/** The likely cause of this outcome. Pods may reach an address that this machine does not. */
export const explainPublicEnd = (
  outcome: Exclude<PublicEndOutcome, 'arrived'>,
  address: PublicAddress,
  spec: SshSpec,
): Finding => {
  const { host, port } = address;
  if (outcome === 'elsewhere') return elsewhere(address, spec);
  if (outcome === 'refused') return refused(address, spec);
  return {
    cause: `sshd listens, but ${unseenCauses[outcome](host, port)}`,
    hint: `fine if the cluster reaches it: a pod's own call decides that (taskgate up); if that fails, open port ${port} of ${host} for the cluster, or set ssh.publicHost to a name or address that tasks reach`,
  };
};

const errorIds = { refused: 'tunnel.ssh-loopback-only', elsewhere: 'tunnel.ssh-port-elsewhere' } as const;

/** The error for a public end that cannot work; undefined where perhaps only this machine cannot reach it. */
export const publicEndError = (end: PublicEnd, address: PublicAddress, spec: SshSpec): UserError | undefined => {
  if (end.outcome !== 'refused' && end.outcome !== 'elsewhere') return undefined;
  const { cause, hint } = explainPublicEnd(end.outcome, address, spec);
  return new UserError(`ssh ${spec.host}: ${cause}`, { id: errorIds[end.outcome], hint });
};
