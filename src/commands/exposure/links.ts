import { isInRanges } from '../../lib/cidr.ts';
import { isFields, itemsOf, parseJson } from '../../lib/json.ts';
import { CommandError, type Runner } from '../../lib/process/runner.ts';
import { bySystemPath } from '../../lib/process/system-path.ts';

/** A link of this host that leads into a VPN. */
export type VpnLink = { readonly name: string; readonly kind: string; readonly addresses: readonly string[] };

/** Kinds of links by which VPNs come: WireGuard, OpenVPN and others by tun or tap, PPP, IPsec, tunnels in IP. */
const vpnKinds = ['wireguard', 'tun', 'ppp', 'xfrm', 'vti', 'ipip', 'gre', 'sit'];

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);

/** The VPN links in the output of `ip -json -details address show`. */
export const parseVpnLinks = (json: string): readonly VpnLink[] =>
  itemsOf(parseJson(json))
    .filter(isFields)
    .flatMap(({ ifname, linkinfo, addr_info: addresses }) => {
      const name = textOf(ifname);
      const kind = isFields(linkinfo) ? textOf(linkinfo.info_kind) : undefined;
      if (!name || !kind || !vpnKinds.includes(kind)) return [];
      const found = itemsOf(addresses).filter(isFields);
      return [{ name, kind, addresses: found.flatMap(({ local }) => textOf(local) ?? []) }];
    });

const ask = async (runner: Runner, command: readonly string[]): Promise<string> => {
  try {
    return (await bySystemPath(runner)(command as [string, ...string[]])).stdout;
  } catch (error) {
    // macOS has no `ip`
    if (error instanceof CommandError) return '[]';
    throw error;
  }
};

export const findVpnLinks = async (runner: Runner): Promise<readonly VpnLink[]> =>
  parseVpnLinks(await ask(runner, ['ip', '-json', '-details', 'address', 'show']));

/** The links that lead to an address of this host, or all where something listens on every address. */
export const linksOf = (links: readonly VpnLink[], host: string): readonly VpnLink[] =>
  links.filter(({ addresses }) => host === '0.0.0.0' || host === '::' || addresses.includes(host));

/** The links whose addresses lie in ranges that are let in. */
export const linksWithin = (links: readonly VpnLink[], ranges: readonly string[]): readonly VpnLink[] =>
  links.filter(({ addresses }) => addresses.some((address) => isInRanges(address, ranges)));

/** Name of the link by which this host reaches an address, such as a bridge of Docker. */
export const findLinkTo = async (address: string, runner: Runner): Promise<string | undefined> => {
  const answer = parseJson(await ask(runner, ['ip', '-json', 'route', 'get', address]));
  return textOf(itemsOf(answer).find(isFields)?.dev);
};
