import { hasCode, UserError } from '../../../lib/errors.ts';
import { describeHolder, findListenFailure } from '../../../lib/process/port-holder.ts';
import type { PublishedPorts } from '../../../model/cluster.ts';
import type { PortRange } from '../../../model/gateway-endpoint.ts';

const publishing = ['docker', 'podman'];

/** Docker starts a process and writes firewall rules for each port: 200 take seconds, 1000 take minutes. */
const mostPublished = 500;

const sizeOf = ({ start, end }: PortRange): number => end - start + 1;

/** Why ports cannot be published with this driver and range; undefined if they can. */
export const whyNotPublished = (driver: string, range: PortRange): string | undefined => {
  if (!publishing.includes(driver)) return `the driver ${driver} publishes no ports, only docker and podman do`;
  if (sizeOf(range) <= mostPublished) return undefined;
  return `the range has ${sizeOf(range)} ports, and more than ${mostPublished} take Docker minutes`;
};

/** `127.0.0.1:20000-20199`. */
export const describePorts = ({ address, portRange: { start, end } }: PublishedPorts): string =>
  `${address}:${start}-${end}`;

/** The argument of `minikube start` that publishes ports; minikube takes a whole range, with an address. */
export const portsArg = (ports: PublishedPorts): string =>
  `--ports=${describePorts(ports)}:${ports.portRange.start}-${ports.portRange.end}`;

const entry = /^(\d+(?:\.\d+){3}):(\d+)(?:-(\d+))?:(\d+)(?:-(\d+))?(?:\/tcp)?$/;

/** Ports with the same numbers on both sides in what minikube keeps of `--ports`, such as `127.0.0.1:80-90:80-90`. */
export const parsePublished = (exposed: readonly string[] = []): readonly PublishedPorts[] =>
  exposed.flatMap((text) => {
    const [, address, start, end = start, nodeStart, nodeEnd = nodeStart] = entry.exec(text) ?? [];
    if (!address || start !== nodeStart || end !== nodeEnd) return [];
    return [{ address, portRange: { start: Number(start), end: Number(end) } }];
  });

/** The entry that has all of the wanted ports. */
export const findCovering = (
  { address, portRange: { start, end } }: PublishedPorts,
  all: readonly PublishedPorts[],
): PublishedPorts | undefined =>
  all.find((has) => has.address === address && has.portRange.start <= start && has.portRange.end >= end);

const taken = async (port: number, { address, portRange }: PublishedPorts): Promise<UserError> => {
  const next = { start: portRange.end + 1, end: portRange.end + sizeOf(portRange) };
  return new UserError(
    `port ${port} of ${address}, which is to be published, is held by ${await describeHolder(address, port)}`,
    {
      id: 'environment.port-taken',
      hint: `stop it, or move the range: --gateway-port-range-start ${next.start} --gateway-port-range-end ${next.end}; each instance with published ports needs a range of its own`,
    },
  );
};

const noSuchAddress = (address: string): UserError =>
  new UserError(`${address} is no address of this host, so no port can be published there`, {
    id: 'usage.config',
    hint: 'set gateway.forwardAddress to one that is, such as 127.0.0.1',
  });

/**
 * Tries to listen on each port: `minikube start` finds the first taken one only after a minute and a half. Throws UserError
 * `environment.port-taken` with the program that holds it. Other failures are for Docker to judge: it runs as root.
 */
export const verifyPortsFree = async (ports: PublishedPorts): Promise<void> => {
  const { address, portRange } = ports;
  for (let port = portRange.start; port <= portRange.end; port++) {
    const failure = await findListenFailure(port, address);
    if (hasCode(failure, 'EADDRINUSE')) throw await taken(port, ports);
    if (hasCode(failure, 'EADDRNOTAVAIL')) throw noSuchAddress(address);
  }
};
