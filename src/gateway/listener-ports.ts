import type { PortRange } from '../model/gateway-endpoint.ts';
import { containerPort, ephemeralOverlap, nodePorts } from '../model/task-listener.ts';

/** Ports that the master accepts for its range (determined-ai/determined, InternalTaskGatewayConfig.Validate). */
export const allowedPorts: PortRange = { start: 1025, end: 65535 };

const portCount = ({ start, end }: PortRange): number => Math.max(0, end - start + 1);
const hasPort = ({ start, end }: PortRange, port: number): boolean => port >= start && port <= end;

const overlaps = (one: PortRange, other: PortRange): boolean => one.start <= other.end && other.start <= one.end;
const textOf = ({ start, end }: PortRange): string => `${start}-${end}`;

/** Two ports, lower first, that Contour would bind to the same container port. */
export const findClash = (ports: Iterable<number>): readonly [number, number] | undefined => {
  const seen = new Map<number, number>();
  for (const port of ports) {
    const earlier = seen.get(containerPort(port));
    if (earlier !== undefined && earlier !== port) return [Math.min(earlier, port), Math.max(earlier, port)];
    seen.set(containerPort(port), port);
  }
  return undefined;
};

export type PortPlan = { readonly portRange: PortRange; readonly seedPort: number; readonly listenerLimit: number };

export type PortFinding = {
  readonly severity: 'error' | 'warning';
  /** The setting that causes it. */
  readonly about: keyof PortPlan;
  readonly message: string;
  readonly hint: string;
};

type PortRule = (plan: PortPlan) => PortFinding | false;

const goodRange = 'choose a range inside 1025-24767 or 59582-65535, such as 20000-20199';

const insideAllowed: PortRule = ({ portRange: { start, end } }) =>
  (start < allowedPorts.start || end > allowedPorts.end) && {
    severity: 'error',
    about: 'portRange',
    message: `${start}-${end} is outside the ports that the master accepts, ${textOf(allowedPorts)}`,
    hint: goodRange,
  };

const startBeforeEnd: PortRule = ({ portRange: { start, end } }) =>
  start >= end && {
    severity: 'error',
    about: 'portRange',
    message: `start ${start} ${start > end ? '>' : '='} end ${end}`,
    hint: 'the master requires start < end; both ports belong to the range',
  };

const seedOutside: PortRule = ({ portRange, seedPort }) =>
  hasPort(portRange, seedPort) && {
    severity: 'error',
    about: 'seedPort',
    message: `${seedPort} lies in the port range ${textOf(portRange)}`,
    hint: `${adviseSeedPort(portRange)}: the master would assign it to a task`,
  };

/** A port next to the range that no other rule refuses. */
const adviseSeedPort = (portRange: PortRange): string => {
  const { start, end } = portRange;
  const good = [start - 1, end + 1].find(
    (port) => hasPort(allowedPorts, port) && !findClash(portsOf({ portRange, seedPort: port })),
  );
  return good === undefined
    ? 'shorten the range and choose a port next to it'
    : `choose a port outside, such as ${good}`;
};

const seedAllowed: PortRule = ({ seedPort }) =>
  !hasPort(allowedPorts, seedPort) && {
    severity: 'error',
    about: 'seedPort',
    message: `${seedPort} is not in ${textOf(allowedPorts)}`,
    hint: 'choose a port next to the range',
  };

function* portsOf({ portRange: { start, end }, seedPort }: Omit<PortPlan, 'listenerLimit'>): Generator<number> {
  for (let port = start; port <= Math.min(end, allowedPorts.end); port++) yield port;
  yield seedPort;
}

const noClash: PortRule = (plan) => {
  const clash = findClash(portsOf(plan));
  if (!clash) return false;
  const [one, other] = clash;
  return {
    severity: 'error',
    about: clash.includes(plan.seedPort) ? 'seedPort' : 'portRange',
    message: `Contour binds ports ${one} and ${other} to the same container port ${containerPort(one)}`,
    hint: `the later listener would be refused; ${goodRange}`,
  };
};

const noEphemeral: PortRule = ({ portRange }) =>
  overlaps(portRange, ephemeralOverlap) && {
    severity: 'warning',
    about: 'portRange',
    message: `${textOf(portRange)} overlaps ${textOf(ephemeralOverlap)}, which Envoy binds among the kernel's ephemeral ports`,
    hint: `a task's port will occasionally be in use already; ${goodRange}`,
  };

const noNodePorts: PortRule = ({ portRange }) =>
  overlaps(portRange, nodePorts) && {
    severity: 'warning',
    about: 'portRange',
    message: `${textOf(portRange)} overlaps the cluster's node ports ${textOf(nodePorts)}`,
    hint: `a listener hides another Service's node port on this address; ${goodRange}`,
  };

const fitsLimit: PortRule = ({ portRange, listenerLimit }) =>
  portCount(portRange) > listenerLimit - 1 && {
    severity: 'warning',
    about: 'listenerLimit',
    message: `${textOf(portRange)} has ${portCount(portRange)} ports, but a limit of ${listenerLimit} leaves ${listenerLimit - 1} besides the seed listener`,
    hint: 'raise the limit or shorten the range; tasks beyond it fail with "Too many"',
  };

const rules: readonly PortRule[] = [
  insideAllowed,
  startBeforeEnd,
  seedOutside,
  seedAllowed,
  noClash,
  noEphemeral,
  noNodePorts,
  fitsLimit,
];

/** All errors and warnings about the ports of a gateway. */
export const findPortProblems = (plan: PortPlan): readonly PortFinding[] =>
  rules.map((rule) => rule(plan)).filter((finding) => finding !== false);
