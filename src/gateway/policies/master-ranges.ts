import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';

/** The addresses of the master as a policy names them, and what the user should know about it. */
export type MasterRanges = {
  /** Undefined: not known, or they change; then only the port is limited. */
  readonly ranges: readonly string[] | undefined;
  readonly note?: string;
};

/** Resolves a name to all its addresses. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const resolveHere: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

const rangeOf = (address: string): string => `${address}/${isIP(address) === 6 ? 128 : 32}`;

/** A name of this machine's own hosts file, which pods resolve otherwise or not at all. */
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/**
 * A policy takes addresses only: a name is resolved on this machine, now. The edges of ngrok change, and a name that does
 * not resolve here has no address to write; for both every address is allowed, at the master's port alone.
 */
export const masterRanges = async (
  { host, port, via }: MasterEndpoint,
  resolve: Resolve = resolveHere,
): Promise<MasterRanges> => {
  if (isIP(host) > 0) return { ranges: [rangeOf(host)] };
  const anywhere = `network policies let tasks dial port ${port} at every address`;
  if (via === 'ngrok') return { ranges: undefined, note: `${anywhere}: the addresses of ngrok change` };
  const addresses = await resolve(host).catch(() => []);
  if (addresses.length === 0 || addresses.some(isLoopback)) {
    return { ranges: undefined, note: `${anywhere}: this machine resolves ${host} to nothing that pods could dial` };
  }
  const found = addresses.toSorted();
  return {
    ranges: found.map(rangeOf),
    note: `network policies name ${host} by its addresses of now (${found.join(', ')}): run up again after they change`,
  };
};
