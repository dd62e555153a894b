import { BlockList, isIP } from 'node:net';

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Whether an address lies in one of the ranges, each as `10.0.0.0/8`. False for what is no address. */
export const isInRanges = (address: string, ranges: readonly string[]): boolean => {
  if (isIP(address) === 0) return false;
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(net, Number(bits), familyOf(net));
  }
  return list.check(address, familyOf(address));
};

/** RFC 1122 and 4291. */
const loopback = ['127.0.0.0/8', '::1/128'];

/** What no router of the internet forwards: RFC 1918, 3927 (link-local), 6598 (carrier-grade NAT), 2544 (tests), 4193, 4291. */
const internal = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10', '198.18.0.0/15'],
  ...['fc00::/7', 'fe80::/10'],
];

const withoutZone = (address: string): string => address.split('%')[0] ?? '';

/** Whether only programs of the same host reach the address. */
export const isLoopback = (address: string): boolean =>
  address === 'localhost' || isInRanges(withoutZone(address), loopback);

/**
 * Whether the address may be reached from the internet. A name counts as public unless it is `localhost`: what it resolves
 * to is decided elsewhere, and may change.
 */
export const isPublic = (address: string): boolean =>
  !isLoopback(address) && !isInRanges(withoutZone(address), internal);
