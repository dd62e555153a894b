import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isInRanges } from '../../lib/cidr.ts';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Links to nodes on this host: of native ones, and the bridges of Docker, Podman and libvirt. */
const toNodes = /^(tg-[0-9a-f]+|br-[0-9a-f]+|docker\d+|podman\d+|virbr\d+)$/;

/**
 * The link of this host to a node on it, by an address at either end. What is refused or unreachable there is so by a
 * firewall: there is no router in between, and no route is missing.
 */
export const findLinkTo = (address: string, interfaces: Interfaces = networkInterfaces()): string | undefined =>
  Object.entries(interfaces).find(
    ([name, infos]) => toNodes.test(name) && infos?.some(({ cidr }) => cidr && isInRanges(address, [cidr])),
  )?.[0];

/** How to let in what comes over a link, for the usual firewalls. */
export const allowInHint = (link: string, port: number): string =>
  [
    `allow the link: ufw allow in on ${link} to any port ${port} proto tcp`,
    `or firewall-cmd --zone=trusted --add-interface=${link}`,
    `or iptables -I INPUT -i ${link} -p tcp --dport ${port} -j ACCEPT`,
    `or in your nft input chain: iifname "${link}" tcp dport ${port} accept`,
  ].join('; ');

/** The same for what leaves by it. */
export const allowOutHint = (link: string): string =>
  [
    `allow the link: ufw allow out on ${link}`,
    `or iptables -I OUTPUT -o ${link} -j ACCEPT`,
    `or in your nft output chain: oifname "${link}" accept`,
  ].join('; ');
