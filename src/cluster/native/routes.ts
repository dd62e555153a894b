import { UserError } from '../../lib/errors.ts';
import type { Fields } from '../../lib/json.ts';
import { type Command, CommandError, type Runner } from '../../lib/process/runner.ts';
import { parseIpOutput } from '../../lib/text/ip-output.ts';

/** A route of this host: all of one block of addresses, by the table that holds it. */
export type Route = {
  /** As `ip` writes it: `default`, an address, or a block such as `10.0.0.0/8`. */
  readonly dst: string;
  readonly table: string;
  readonly dev?: string;
  /** `throw`: this table has no answer, ask the next one. */
  readonly type?: string;
};

/** A rule of ip-rule(8) that may decide about what this host sends to a new address. */
type Policy = {
  readonly priority: number;
  readonly table?: string;
  /** `unreachable`, `prohibit` or `blackhole`: it answers without a table. */
  readonly action?: string;
  /** The rules before this priority are passed over. */
  readonly goto?: number;
  readonly dst?: string;
  readonly isInverted: boolean;
  /** Routes of its table that are this long or shorter do not count. */
  readonly suppressed: number;
};

/** How this host routes, as `ip` shows it. */
export type Routing = {
  readonly routes: readonly Route[];
  readonly policies: readonly Policy[];
  /** Networks that instances keep unreachable while no link leads there; see block.ts. */
  readonly blocks?: readonly BlockedNetwork[];
};

/** Of which instance it is, its metric tells. */
export type BlockedNetwork = { readonly cidr: string; readonly metric: number };

/** Marks taskgate's own routes; of no routing daemon (rt_protos of iproute2). */
export const blockProtocol = '214';

const isBlock = ({ type, protocol }: Fields): boolean => type === 'unreachable' && protocol === blockProtocol;

export const parseBlocks = (json: string): readonly BlockedNetwork[] =>
  parseIpOutput(json)
    .filter(isBlock)
    .flatMap(({ dst, metric }) =>
      typeof dst === 'string' && typeof metric === 'number' ? [{ cidr: dst, metric }] : [],
    );

export const listRoutesCommand: Command = ['ip', '-json', '-4', 'route', 'show', 'table', 'all'];
export const listPoliciesCommand: Command = ['ip', '-json', '-4', 'rule', 'show'];

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);

/** The host's routes, except those of one link, and those that keep the network of an instance unreachable. */
export const parseRoutes = (json: string, exceptLink: string): readonly Route[] =>
  parseIpOutput(json).flatMap((route) => {
    const { dst, dev, table, type } = route;
    const to = textOf(dst);
    if (!to || dev === exceptLink || isBlock(route)) return [];
    const [device, kind] = [textOf(dev), textOf(type)];
    return [{ dst: to, table: textOf(table) ?? 'main', ...(device && { dev: device }), ...(kind && { type: kind }) }];
  });

/** Conditions of which a new connection to the node, without a source, a device and a mark, meets none. */
const conditions = [
  ...['fwmark', 'iif', 'oif', 'l3mdev', 'uid_start', 'ipproto', 'tun_id'],
  ...['sport', 'sport_start', 'dport', 'dport_start', 'tos', 'dsfield'],
];

/** What a rule has besides. One with anything else, of a newer kernel, is taken for one that does not hold. */
const understood = [
  ...['priority', 'not', 'src', 'srclen', 'dst', 'dstlen', 'table', 'action', 'goto', 'unresolved', 'nop', 'protocol'],
  ...['suppress_prefixlen', 'flow_from', 'flow_to', 'uid_end', 'fwmask', 'iif_detached', 'oif_detached'],
  ...['sport_end', 'dport_end', 'sport_mask', 'dport_mask'],
];

const isUnderstood = (name: string): boolean => understood.includes(name) || conditions.includes(name);

/** What this host itself sends comes from `lo`, whatever device it leaves by. */
const isMet = (rule: Fields, condition: string): boolean => condition === 'iif' && rule['iif'] === 'lo';

const blockOfRule = ({ dst, dstlen }: Fields): string | undefined => {
  const address = textOf(dst);
  return address && `${address}/${typeof dstlen === 'number' ? dstlen : 32}`;
};

/** `not` turns conditions that are never met into ones that always are. */
const policyOf = (rule: Fields): Policy | undefined => {
  const isInverted = 'not' in rule;
  const isUnmet =
    conditions.some((name) => name in rule && !isMet(rule, name)) || (textOf(rule['src']) ?? 'all') !== 'all';
  const dst = isInverted && isUnmet ? undefined : blockOfRule(rule);
  const { priority, suppress_prefixlen: suppressed } = rule;
  if (typeof priority !== 'number' || (isInverted ? !isUnmet && !dst : isUnmet)) return undefined;
  const [table, action] = [textOf(rule['table']), textOf(rule['action'])];
  const target = 'unresolved' in rule ? undefined : rule['goto'];
  return {
    ...{ priority, isInverted, suppressed: typeof suppressed === 'number' ? suppressed : -1 },
    ...(table && { table }),
    ...(action && { action }),
    ...(typeof target === 'number' && { goto: target }),
    ...(dst && { dst }),
  };
};

/** The rules that hold for such a connection, by priority. */
export const parsePolicies = (json: string): readonly Policy[] =>
  parseIpOutput(json)
    .filter((rule) => Object.keys(rule).every(isUnderstood))
    .map(policyOf)
    .filter((policy) => policy !== undefined)
    .toSorted((a, b) => a.priority - b.priority);

/** How this host routes, without one link. Throws UserError `environment.machine` where its `ip` cannot say so. */
export const readRouting = async (runner: Runner, exceptLink: string): Promise<Routing> => {
  const [routes, policies] = await Promise.all([runner(listRoutesCommand), runner(listPoliciesCommand)]).catch(
    (cause) => {
      if (!(cause instanceof CommandError)) throw cause;
      throw new UserError(`this host's routes cannot be read: ${cause.message}`, {
        id: 'environment.machine',
        hint: 'install the package iproute2, 4.14 or newer: the ip of busybox is not enough',
        cause,
      });
    },
  );
  const blocks = parseBlocks(routes.stdout);
  return { routes: parseRoutes(routes.stdout, exceptLink), policies: parsePolicies(policies.stdout), blocks };
};

type Block = { readonly first: number; readonly last: number; readonly bits: number };

const blockOf = (destination: string): Block | undefined => {
  const [address = '', bits = '32'] = (destination === 'default' ? '0.0.0.0/0' : destination).split('/');
  const octets = address.split('.').map(Number);
  if (octets.length !== 4 || octets.some(Number.isNaN)) return undefined;
  const start = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - Number(bits));
  const first = start - (start % size);
  return { first, last: first + size - 1, bits: Number(bits) };
};

const overlaps = (a: string, b: string): boolean => {
  const [one, other] = [blockOf(a), blockOf(b)];
  return one !== undefined && other !== undefined && one.first <= other.last && other.first <= one.last;
};

const bitsOf = ({ dst }: Route): number => blockOf(dst)?.bits ?? 32;

/** The default route, or half of it: VPNs set both halves in order not to touch the default route. */
const isDefault = (route: Route): boolean => bitsOf(route) <= 1;

const isBroader = (route: Route, cidr: string): boolean => bitsOf(route) < Number(cidr.split('/')[1]);

/** The longest first, which decides. A `throw` hides those that are shorter. */
const decidingRoutes = (cidr: string, routes: readonly Route[]): readonly Route[] => {
  const found = routes.filter(({ dst }) => overlaps(dst, cidr)).toSorted((a, b) => bitsOf(b) - bitsOf(a));
  const thrown = found.findIndex((route) => route.type === 'throw' && (isBroader(route, cidr) || route.dst === cidr));
  return thrown < 0 ? found : found.slice(0, thrown);
};

const holdsFor = ({ dst, isInverted }: Policy, cidr: string): boolean =>
  dst === undefined || overlaps(dst, cidr) !== isInverted;

/** Of rules that hold, those that are asked: a `goto` passes over the ones up to its target. */
const withoutPassedOver = (policies: readonly Policy[]): readonly Policy[] => {
  let next = 0;
  return policies.filter(({ priority, goto }) => {
    const isAsked = priority >= next;
    if (isAsked) next = goto ?? next;
    return isAsked;
  });
};

/**
 * What takes connections to a network before the main table is asked, where the node's route is: then not even a longer route
 * there wins. As text; undefined if there is nothing.
 */
export const findAhead = (cidr: string, { routes, policies }: Routing): string | undefined => {
  for (const policy of withoutPassedOver(policies.filter((one) => holdsFor(one, cidr)))) {
    const { priority, table, action, suppressed } = policy;
    if (table === 'local') continue;
    if (table === 'main' && suppressed < Number(cidr.split('/')[1])) return undefined;
    if (table === undefined && ['unreachable', 'prohibit', 'blackhole'].includes(action ?? '')) {
      return `rule ${priority} (${action})`;
    }
    const inTable = routes.filter((route) => route.table === table && bitsOf(route) > suppressed);
    const [route] = table === undefined ? [] : decidingRoutes(cidr, inTable);
    if (route) return `rule ${priority} to table ${table} (${describeRoute(route)})`;
  }
  return undefined;
};

export const describeRoute = ({ dst, dev, type }: Route): string =>
  [type === 'local' || type === 'unicast' ? undefined : type, dst, dev && `dev ${dev}`].filter(Boolean).join(' ');

/** The routes that overlap a network, without the default route and its halves. */
export const overlappingRoutes = (cidr: string, { routes }: Pick<Routing, 'routes'>): readonly Route[] =>
  routes.filter((route) => !isDefault(route) && overlaps(route.dst, cidr));

/** Of those, what the node's route would hide (`broader`), and what would hide a part of the node (`within`). */
export const splitOverlaps = (cidr: string, routing: Pick<Routing, 'routes'>) => {
  // other tables are asked after the main one, or for marked packets only
  const found = overlappingRoutes(cidr, routing).filter(({ table }) => table === 'main' || table === 'local');
  return {
    broader: found.filter((route) => isBroader(route, cidr)),
    within: found.filter((route) => !isBroader(route, cidr)),
  };
};
