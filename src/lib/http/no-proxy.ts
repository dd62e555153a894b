import { BlockList, isIP } from 'node:net';
import { withoutBrackets } from '../host-and-port.ts';

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** The host and port of `host`, `host:port`, `[address]:port`; a bare IPv6 address has colons and no port. */
const splitPort = (entry: string) => {
  const [, host = entry, port] = /^(\[.+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  return { host: withoutBrackets(host), port };
};

/** Parses `10.0.0.0/8`, `10.0.0.1-10.0.0.9` and single addresses; anything else matches no address. */
const addressesOf = (text: string): BlockList => {
  const addresses = new BlockList();
  const [first = '', prefix] = text.split('/');
  const [start = '', end] = text.split('-');
  try {
    if (prefix && isIP(first)) addresses.addSubnet(first, Number(prefix), familyOf(first));
    else if (end && isIP(start)) addresses.addRange(start, end, familyOf(start));
    else if (isIP(text)) addresses.addAddress(text, familyOf(text));
  } catch {
    // such as a prefix that is too long: curl and the go command ignore it too
  }
  return addresses;
};

/** `127.*`, `10.20.*.*`: the beginning of an address, as Java and many scripts write it. */
const isBeginning = /^(?:\d{1,3}\.){1,3}\*(?:\.\*)*$/;

const coversAddress = (entry: string, address: string): boolean =>
  isBeginning.test(entry)
    ? address.startsWith(entry.slice(0, entry.indexOf('*')))
    : addressesOf(entry).check(address, familyOf(address));

/** A name matches itself and all its subdomains; `*.name` only the subdomains. */
const coversName = (entry: string, host: string): boolean => {
  const name = entry.replace(/^\*?\./, '').replace(/\.$/, '');
  return host.endsWith(`.${name}`) || (host === name && !entry.startsWith('*'));
};

const covers = (entry: string, url: URL): boolean => {
  const { host, port } = splitPort(entry.toLowerCase());
  if (port && port !== (url.port || (url.protocol === 'https:' ? '443' : '80'))) return false;
  if (host === '*') return true;
  const wanted = withoutBrackets(url.hostname).replace(/\.$/, '');
  return isIP(wanted) ? coversAddress(host, wanted) : coversName(host, wanted);
};

/**
 * Whether NO_PROXY exempts a URL from the proxy, with the rules of curl and the go command: names with or without a leading
 * dot, `*`, ports, and addresses with CIDR ranges or `127.*`, which undici does not support. A name is not resolved to compare it with
 * addresses.
 */
export const isExempt = (url: URL, noProxy: string): boolean =>
  noProxy
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => covers(entry, url));
