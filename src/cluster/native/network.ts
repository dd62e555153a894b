import { UserError } from '../../lib/errors.ts';

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

type Block = { readonly first: number; readonly last: number };

const blockOf = (destination: string): Block | undefined => {
  const [address = '', bits = '32'] = destination.split('/');
  const octets = address.split('.').map(Number);
  if (octets.length !== 4 || octets.some(Number.isNaN)) return undefined;
  const start = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - Number(bits));
  const first = start - (start % size);
  return { first, last: first + size - 1 };
};

/** The routes of the host that overlap a network, without the default route. */
export const overlappingRoutes = (cidr: string, routes: readonly string[]): readonly string[] => {
  const wanted = blockOf(cidr);
  return routes.filter((route) => {
    const block = route === 'default' || route.endsWith('/0') ? undefined : blockOf(route);
    return wanted && block && block.first <= wanted.last && wanted.first <= block.last;
  });
};

/** None of them is used by Docker (172.17-31), kubeadm, Minikube or kind (10.96, 10.244), or most home networks. */
const candidates = Array.from({ length: 40 }, (_, index) => `10.${210 + index}.0.0/16`);

/**
 * The network of an instance: the wanted one, or the first candidate that overlaps neither a route of the host nor the
 * network of another instance. Throws UserError `environment.subnet-taken` with what it overlaps.
 */
export const chooseNetwork = (wanted: string | undefined, taken: readonly string[]): NativeNetwork => {
  if (wanted) {
    const [obstacle] = overlappingRoutes(wanted, taken);
    if (obstacle === undefined) return networkOf(wanted);
    throw new UserError(`network.cidr: ${wanted} overlaps ${obstacle}, which this host already routes`, {
      id: 'environment.subnet-taken',
      hint: 'choose another /16 with --network-cidr, or leave it out to use a free one',
    });
  }
  const free = candidates.find((candidate) => overlappingRoutes(candidate, taken).length === 0);
  if (free) return networkOf(free);
  throw new UserError(`no free network: all of ${candidates[0]} to ${candidates.at(-1)} overlap routes of this host`, {
    id: 'environment.subnet-taken',
    hint: 'choose a free private /16 with --network-cidr',
  });
};
