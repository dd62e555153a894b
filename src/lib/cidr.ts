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
