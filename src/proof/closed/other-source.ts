import { existsSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isInRanges } from '../../lib/cidr.ts';
import { type DialTarget, dialTcp } from '../probe/dial.ts';
import type { ClosedCheck, ClosedContext, ClosedOutcome } from './closed.ts';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

const isRoutable = ({ family, internal, address }: NetworkInterfaceInfo): boolean =>
  family === 'IPv4' && !internal && !address.startsWith('169.254.');

/** Docker, Podman and libvirt give their bridges' addresses another source on the way out, which may be an allowed one. */
const isBridge = (name: string): boolean => existsSync(`/sys/class/net/${name}/bridge`);

/** An address of this host that is not allowed, and that leaves it as it is; undefined where it has none. */
export const findOtherSource = (
  allowFrom: readonly string[],
  interfaces: Interfaces = networkInterfaces(),
  isTranslated: (name: string) => boolean = isBridge,
): string | undefined =>
  Object.entries(interfaces)
    .filter(([name]) => !isTranslated(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .find((one) => isRoutable(one) && !isInRanges(one.address, allowFrom))?.address;

/** A dropped connection shows only by its silence: this many times what an allowed one took, and at least 300 ms. */
const patience = { factor: 20, atLeastMs: 300 } as const;

const connectMsOf = async (target: DialTarget): Promise<number | undefined> => {
  const startMs = performance.now();
  const { outcome } = await dialTcp(target, 2_000, 'GET / HTTP/1.0\r\n\r\n');
  return outcome === 'answered' ? performance.now() - startMs : undefined;
};

const finding = {
  cause: 'loadBalancerSourceRanges of the Service is not enforced for this address',
  hint: "kube-proxy, or what this cluster has in its place, must support them; or protect the node's address by a firewall",
};

const dialFrom = async (source: string, { gateway, task }: ClosedContext): Promise<ClosedOutcome> => {
  const [{ listenerPort: port } = { listenerPort: 0 }] = task.exposures;
  const target = { host: gateway.address, port };
  const allowedMs = await connectMsOf(target);
  if (allowedMs === undefined) return { outcome: 'untried', because: 'an allowed address had no answer either' };
  const limitMs = Math.max(patience.atLeastMs, patience.factor * allowedMs);
  const dialed = await dialTcp({ ...target, localAddress: source }, limitMs, 'GET / HTTP/1.0\r\n\r\n');
  if (dialed.outcome === 'answered' || dialed.outcome === 'silent' || dialed.outcome === 'closed') {
    return { outcome: 'open', evidence: `port ${port} accepted the connection`, finding };
  }
  if (dialed.seen.includes('EADDRNOTAVAIL')) return { outcome: 'untried', because: dialed.seen };
  const allowed = `an allowed address had one after ${Math.ceil(allowedMs)} ms`;
  return { outcome: 'closed', evidence: `port ${port}: ${dialed.outcome}, no answer; ${allowed}` };
};

/** Task ports must not answer an address of this host that is not in `allowFrom`. */
export const otherSource = (address: string, allowFrom: readonly string[], interfaces?: Interfaces): ClosedCheck => {
  const source = findOtherSource(allowFrom, interfaces);
  const to = `task ports at ${address}`;
  if (!source) {
    const because = `this host has no address outside of ${allowFrom.join(', ')}`;
    return { from: 'an address that is not allowed', to, attempt: async () => ({ outcome: 'untried', because }) };
  }
  return { from: `${source} (not allowed)`, to, attempt: (context) => dialFrom(source, context) };
};
