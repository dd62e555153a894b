import { connect } from 'node:net';
import type { SshSpec } from '../../instance/tunnels.ts';
import { UserError } from '../../lib/errors.ts';
import type { PublicAddress } from '../../model/master-endpoint.ts';
import type { Finding } from '../../model/path.ts';

/**
 * What somebody sees who dials the public end. `elsewhere`: it takes the connection, but that does not come out here.
 */
export type PublicEndOutcome = 'arrived' | 'elsewhere' | 'refused' | 'timeout' | 'unreachable' | 'unresolved';

export type PublicEnd = { readonly outcome: PublicEndOutcome; readonly seen: string };

const outcomeOfCode: Readonly<Record<string, PublicEndOutcome>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'unresolved',
  EAI_AGAIN: 'unresolved',
  ETIMEDOUT: 'timeout',
};

export type PublicEndOptions = {
  /** Resolves when a connection to the public end comes out here. */
  readonly arrival: Promise<unknown>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/** Dials the public end from here and sees whether the connection comes back through the tunnel. */
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
    const timer = setTimeout(() => {
      if (isConnected) end('elsewhere', `took a connection that did not come out of the tunnel in ${timeoutMs} ms`);
      else end('timeout', `gave no answer in ${timeoutMs} ms`);
    }, timeoutMs);
    socket.on('connect', () => {
      isConnected = true;
    });
    socket.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      // a connection that was taken and then cut may still be ours: nothing may listen at the local end yet
      isConnected ||= code === 'ECONNRESET';
      if (!isConnected) end(outcomeOfCode[code] ?? 'unreachable', message);
    });
    void arrival.then(() => end('arrived', 'leads here'));
  });

const elsewhere = ({ host, port }: PublicAddress, { bindAddress }: SshSpec): Finding => ({
  cause: `another program answers on ${host}:${port}: it holds that port for IPv4 or IPv6, and sshd took only the other one, which ExitOnForwardFailure lets pass`,
  hint: `find it (ss -ltnp 'sport = :${port}' on the server) and end it, or choose another ssh.remotePort${bindAddress === '0.0.0.0' ? '; with GatewayPorts clientspecified in place of yes sshd would have refused' : ''}`,
});

const refused = ({ host, port }: PublicAddress, { bindAddress }: SshSpec): Finding => ({
  cause: `${host} refuses port ${port}, though sshd says that it listens: it does so on loopback only (GatewayPorts no, which is the default)`,
  hint: `set GatewayPorts clientspecified in /etc/ssh/sshd_config of the server, then reload sshd${isLoopback(bindAddress) ? `; and ssh.bindAddress, which is ${bindAddress}, to 0.0.0.0` : ''}; if it is set, a firewall rejects the port`,
});

const isLoopback = (address: string): boolean => /^(127\.|::1$|localhost$)/.test(address);

/** The likely cause of a public end at which a dial had this outcome. Pods may fare better than this machine does. */
export const explainPublicEnd = (
  outcome: Exclude<PublicEndOutcome, 'arrived'>,
  address: PublicAddress,
  spec: SshSpec,
): Finding => {
  const { host, port } = address;
  if (outcome === 'elsewhere') return elsewhere(address, spec);
  if (outcome === 'refused') return refused(address, spec);
  if (outcome === 'unresolved')
    return {
      cause: `no address is known here for ${host}`,
      hint: 'set ssh.publicHost to a name or address that tasks know',
    };
  return {
    cause: `nothing comes back from ${host}:${port}: a firewall or a security group drops what is sent there`,
    hint: `open port ${port} of ${host} for the cluster and this machine, or set ssh.publicHost to the address that they can reach`,
  };
};

const errorIds = { refused: 'tunnel.ssh-loopback-only', elsewhere: 'tunnel.ssh-port-elsewhere' } as const;

/** The error for a public end that cannot work; undefined where only this machine may be unable to reach it. */
export const publicEndError = (end: PublicEnd, address: PublicAddress, spec: SshSpec): UserError | undefined => {
  if (end.outcome !== 'refused' && end.outcome !== 'elsewhere') return undefined;
  const { cause, hint } = explainPublicEnd(end.outcome, address, spec);
  return new UserError(`ssh ${spec.host}: ${cause}`, { id: errorIds[end.outcome], hint });
};
