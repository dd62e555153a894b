import { isLoopback } from '../../lib/cidr.ts';
import { findNumber, findString } from '../schema/document.ts';
import { judgeHost } from './gateway.ts';
import { has, isGiven, type Manager, type ManagerScope, oneOf, type Rule } from './rule.ts';

const schemes: readonly string[] = ['http', 'https'];

const hostOf = ({ block }: Manager): string | undefined =>
  findString(block, 'determined_master_host') ?? findString(block, 'determined_master_ip');

/** Names that every resolver takes for its own host (RFC 6761; the other is of the /etc/hosts of many distributions). */
const ownNames = /(^|\.)localhost\.?$|^localhost\.localdomain\.?$/;

/** Addresses as a dialer reads them: in brackets, IPv4 within IPv6, and inet_aton's short form of 127.0.0.1. */
const isPodItself = (host: string): boolean => {
  const address = host.replace(/^\[(.+)\]$/, '$1').replace(/^::ffff:(?=\d+\.)/, '');
  return ownNames.test(host) || isLoopback(address) || /^127(\.\d{1,8}){1,2}$/.test(host);
};

/** How pods reach the master: `determined_master_*` (K/jobs.go getMasterIPAndPort, root.go's shim for the old name). */
export const masterAddressRules: readonly Rule<ManagerScope>[] = [
  {
    key: 'determined_master_host',
    check: (manager) => {
      const { block } = manager;
      if (has(block, 'determined_master_host') && has(block, 'determined_master_ip')) {
        return 'conflicts with determined_master_ip: the master accepts only one of them';
      }
      const isMissing = !hostOf(manager) && !isGiven(block, 'master_service_name');
      return isMissing && 'is missing: the master then looks for a Service without a name';
    },
    hint: 'write the address at which pods dial the master, without scheme and port',
  },
  {
    key: 'determined_master_host',
    severity: 'warning',
    check: (manager) => {
      const host = hostOf(manager);
      if (!host || host.includes('$')) return false;
      if (isPodItself(host.toLowerCase())) return `'${host}' is the pod itself when a pod dials it`;
      return judgeHost(host);
    },
    hint: 'write the address at which pods dial the master, without scheme and port',
  },
  {
    key: 'determined_master_ip',
    severity: 'warning',
    check: ({ block }) => has(block, 'determined_master_ip') && 'was renamed',
    hint: 'write determined_master_host; the old name works only for the root resource manager',
  },
  {
    key: 'determined_master_ip',
    check: ({ block, isRoot }) =>
      !isRoot && has(block, 'determined_master_ip') && 'does not work for an additional resource manager',
    hint: 'write determined_master_host',
  },
  {
    key: 'determined_master_port',
    severity: 'warning',
    check: ({ block }) => {
      const port = findNumber(block, 'determined_master_port');
      return port !== undefined && (port < 1 || port > 65535) && `${port} is not in 1-65535`;
    },
    hint: 'write the port at which pods reach the master',
  },
  {
    key: 'determined_master_port',
    severity: 'warning',
    check: (manager) =>
      Boolean(hostOf(manager)) &&
      !has(manager.block, 'determined_master_port') &&
      'is missing: the master then ignores determined_master_host',
    hint: 'write the port at which pods reach the master',
  },
  {
    key: 'determined_master_scheme',
    severity: 'warning',
    check: ({ block }) => oneOf(findString(block, 'determined_master_scheme'), schemes),
    hint: 'write http or https',
  },
  {
    key: 'determined_master_scheme',
    severity: 'warning',
    check: (manager) =>
      hostOf(manager) !== undefined &&
      !has(manager.block, 'determined_master_scheme') &&
      "is missing: it then follows the master's own TLS, which is wrong behind a tunnel that terminates TLS",
    hint: 'write http or https',
  },
];
