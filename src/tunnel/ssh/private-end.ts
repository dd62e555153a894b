import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { SshSpec } from '../../instance/tunnels.ts';
import { isLoopback } from '../../lib/cidr.ts';
import { UserError } from '../../lib/errors.ts';
import type { PublicAddress } from '../../model/master-endpoint.ts';
import type { PrivateEnd } from '../../model/tunnel-status.ts';
import type { SendNonce } from '../tunnel.ts';
import { findPeerAddress, isOverridden, type SshHost } from './command.ts';
import { verifyPublicEnd } from './public-end.ts';

const addressesOf = async (name: string): Promise<readonly string[]> => {
  if (isIP(name) !== 0) return [name];
  const found = await lookup(name, { all: true }).catch(() => []); // a name that only ssh's proxy knows
  return found.map(({ address }) => address);
};

/** Undefined where they cannot be listed, as when no more files can be opened. */
const ownAddresses = (): readonly string[] => {
  try {
    return Object.values(networkInterfaces()).flatMap((found = []) =>
      found.filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
    );
  } catch {
    return [];
  }
};

type Names = Pick<SshSpec, 'bindAddress' | 'publicHost'> & Pick<SshHost, 'hostName'> & { readonly peer?: string };

/**
 * Addresses of the server other than the one that was asked for: those of its names, the one that ssh has dialed, and for a
 * server on this machine those of the machine.
 */
export const findOtherAddresses = async ({ bindAddress, publicHost, hostName, peer }: Names) => {
  const names = [hostName, ...(publicHost ? [publicHost] : []), ...(peer ? [peer] : [])];
  const known = (await Promise.all(names.map(addressesOf))).flat();
  const all = known.some(isLoopback) ? [...known, ...ownAddresses()] : known;
  const asked = await addressesOf(bindAddress);
  return [...new Set(all)].filter((address) => !isLoopback(address) && !asked.includes(address));
};

export type PrivateEndInput = {
  readonly spec: SshSpec;
  readonly host: SshHost;
  /** What ssh has printed until the forward was established. */
  readonly lines: readonly string[];
  readonly port: number;
  readonly probe: SendNonce;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/** `arrived`: a nonce that was sent to the address came out of the tunnel. */
const dialOther = async (host: string, { port, probe, timeoutMs, signal }: PrivateEndInput) => {
  const address: PublicAddress = { scheme: 'http', host, port };
  const limits = { timeoutMs, signal };
  // one for each call: what waits for it would otherwise be kept as long as the daemon runs
  const arrival = new Promise<never>(() => undefined);
  const [answer, dialed] = await Promise.all([
    probe(address, limits),
    verifyPublicEnd(address, { ...limits, arrival }),
  ]);
  return { host, outcome: answer === true ? ('arrived' as const) : dialed.outcome };
};

const join = (hosts: readonly { readonly host: string }[]): string => hosts.map(({ host }) => host).join(', ');

/**
 * Checks that a forward which was asked for at a private address is at no other: sshd with `GatewayPorts yes` listens on
 * every one, whatever is asked for. A refusal counts only at the address to which ssh itself has connected: others may
 * belong to another machine.
 */
export const verifyPrivateEnd = async (input: PrivateEndInput): Promise<PrivateEnd> => {
  const { spec, host, lines, port, signal } = input;
  if (lines.some(isOverridden)) return { state: 'public', evidence: 'sshd listens on every address: GatewayPorts yes' };
  const peer = lines.map(findPeerAddress).find((found) => found !== undefined);
  const others = await findOtherAddresses({ ...spec, ...host, ...(peer && { peer }) });
  const dialed = await Promise.all(others.map((other) => dialOther(other, input)));
  signal.throwIfAborted();
  const arrived = dialed.filter(({ outcome }) => outcome === 'arrived');
  if (arrived.length > 0) {
    return { state: 'public', evidence: `a nonce sent to port ${port} of ${join(arrived)} arrived here` };
  }
  const refused = dialed.filter((one) => one.outcome === 'refused' && one.host === peer);
  if (refused.length > 0) return { state: 'proven', evidence: `${join(refused)} refuses port ${port}` };
  const tried = dialed.map((one) => `${one.host} ${one.outcome}`).join(', ');
  const why = tried ? `from here: ${tried}` : 'no other address of it is known here';
  return {
    state: 'unverified',
    evidence: `whether other addresses of ${spec.host} lead here is not verified (${why})`,
  };
};

/** The error for an end that is public although the user has not allowed that. */
export const wildcardError = ({ host, bindAddress }: SshSpec, { evidence }: PrivateEnd): UserError =>
  new UserError(`ssh ${host}: asked to listen on ${bindAddress} alone, but ${evidence}; the tunnel is closed`, {
    id: 'tunnel.ssh-wildcard',
    hint: 'set GatewayPorts clientspecified (not yes) in /etc/ssh/sshd_config of the server, then reload sshd; or allow a public end: --tunnel-allow-public true',
  });
