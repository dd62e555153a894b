import { UserError } from '../../lib/errors.ts';
import { describeRoute, findAhead, overlappingRoutes, type Routing, splitOverlaps } from './routes.ts';

/** The addresses of one native instance, all inside one /16. */
export type NativeNetwork = {
  /** Such as `10.210.0.0/16`: the only route that is added to the host. */
  readonly cidr: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** The host's end of the veth pair: the host as pods see it. */
  readonly hostAddress: string;
  /** The node's end: API server, DNS and the Gateway's published address. */
  readonly nodeAddress: string;
};

/** Splits a /16 into pods (/17), services (/18) and the link (/24). Throws UserError `usage.network` for anything else. */
export const networkOf = (cidr: string): NativeNetwork => {
  const match = /^(\d+)\.(\d+)\.0\.0\/16$/.exec(cidr);
  if (!match) {
    throw new UserError(`network.cidr: ${cidr} is not a /16 network such as 10.210.0.0/16`, {
      id: 'usage.network',
      hint: 'choose a private /16 that overlaps no route of this host',
    });
  }
  const prefix = `${match[1]}.${match[2]}`;
  return {
    cidr,
    podCidr: `${prefix}.0.0/17`,
    serviceCidr: `${prefix}.128.0/18`,
    hostAddress: `${prefix}.255.1`,
    nodeAddress: `${prefix}.255.2`,
  };
};

const blocks = (prefix: string, first: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}.${first + index}.0.0/16`);

/**
 * The first are used neither by Docker (172.17-31), kubeadm, Minikube or kind (10.96, 10.244), nor by most home networks. The
 * others are for hosts whose VPN routes all of 10.0.0.0/8, or every private range: 198.18.0.0/15 is for tests inside one
 * network (RFC 2544).
 */
const candidates = [...blocks('10', 210, 40), ...blocks('172', 20, 12), ...blocks('198', 18, 2)];

const isFree = (cidr: string, routing: Routing): boolean =>
  overlappingRoutes(cidr, routing).length === 0 && findAhead(cidr, routing) === undefined;

/** Whether a network works that the user names: the longer route wins over a broader one. */
const isUsable = (cidr: string, routing: Routing): boolean =>
  splitOverlaps(cidr, routing).within.length === 0 && findAhead(cidr, routing) === undefined;

const taken = (message: string, hint: string): UserError =>
  new UserError(message, { id: 'environment.subnet-taken', hint });

/** What works here: nothing that would be refused. */
const wayOut = (routing: Routing, wanted = candidates[0] ?? ''): string => {
  if (candidates.some((one) => isFree(one, routing))) return 'leave --network-cidr out to use a free one';
  const usable = candidates.find((one) => isUsable(one, routing));
  if (usable) return `name a network, whose route wins over broader ones: --network-cidr ${usable}`;
  return `let the main table decide about one: ip rule add to ${wanted} lookup main priority 100; then name it: --network-cidr ${wanted}`;
};

/**
 * Says that nothing keeps an instance's network unreachable while its node is gone: see block.ts. Undefined where it is kept so.
 */
export const describeUnblocked = (cidr: string, routing: Pick<Routing, 'routes'>): string | undefined => {
  const { broader } = splitOverlaps(cidr, routing);
  if (broader.length === 0) return undefined;
  return `network ${cidr} lies inside ${broader.map(describeRoute).join(', ')}: while no node is there, what a master sends to its Gateway, callers' tokens included, goes that way`;
};

const wantedNetwork = (wanted: string, routing: Routing): ChosenNetwork => {
  const ahead = findAhead(wanted, routing);
  if (ahead) {
    const what = `network.cidr: ${wanted} would never be reached, since this host asks its routing ${ahead} first`;
    throw taken(what, wayOut(routing, wanted));
  }
  const { within, broader } = splitOverlaps(wanted, routing);
  const [obstacle] = within;
  if (obstacle) {
    const what = `network.cidr: ${wanted} overlaps ${describeRoute(obstacle)}, which this host already routes`;
    throw taken(what, `choose another /16 with --network-cidr, or ${wayOut(routing)}`);
  }
  const hidden = broader.map(describeRoute).join(', ');
  const warning = `network ${wanted} lies inside ${hidden}: while the instance is up, this host reaches nothing there behind that route`;
  const unblocked = describeUnblocked(wanted, routing);
  return { cidr: wanted, warnings: unblocked === undefined ? [] : [warning, unblocked] };
};

/** A network, and what it costs. */
export type ChosenNetwork = { readonly cidr: string; readonly warnings: readonly string[] };

/**
 * The network of an instance: the wanted one, or the one of `before` or the first candidate that overlaps neither a route of the
 * host nor the network of another instance. `before` is what it had in an earlier life: a master that goes on dials that. Throws UserError `environment.subnet-taken` with what it overlaps and what to do instead.
 */
export const chooseNetwork = (
  wanted: string | undefined,
  routing: Routing,
  before: readonly string[] = [],
): ChosenNetwork => {
  if (wanted) return wantedNetwork(networkOf(wanted).cidr, routing);
  const again = before.find((cidr) => isFree(cidr, routing));
  if (again) return { cidr: again, warnings: [] };
  const open = candidates.filter((candidate) => isFree(candidate, routing));
  // a master of an instance that is gone would reach the tasks of this one
  const free = open.find((candidate) => !routing.blocks?.some(({ cidr }) => cidr === candidate)) ?? open[0];
  if (free) return { cidr: free, warnings: [] };
  const [first = ''] = candidates;
  const ahead = findAhead(first, routing);
  const why = ahead
    ? `this host asks its routing ${ahead} before its own routes`
    : `all candidates from ${first} to ${candidates.at(-1)} overlap routes of this host`;
  throw taken(`no free network: ${why}`, wayOut(routing));
};

/** Why the network of an instance that is there may not be reached any more; undefined where it is. */
export const findRouteTrouble = (cidr: string, routing: Routing): string | undefined => {
  const ahead = findAhead(cidr, routing);
  const [within] = splitOverlaps(cidr, routing).within;
  if (!ahead && !within) return undefined;
  return `network ${cidr} of this instance: this host by now asks ${ahead ?? (within && describeRoute(within))} first; a VPN that came up? Without it, or after taskgate down and up, the node is reached`;
};
