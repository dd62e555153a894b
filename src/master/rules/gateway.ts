import { isIP } from 'node:net';
import type { PortRange } from '../../model/gateway-endpoint.ts';
import { ephemeralOverlap, nodePorts, pairedPorts } from '../../model/task-listener.ts';
import { findItem, findNumber, findString, type Item } from '../schema/document.ts';
import { has, type ManagerScope, type Rule } from './rule.ts';

const gateway = 'internal_task_gateway';
const masterName = /^[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$/;
const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const hostName = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*\.?$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** The ports that the master accepts, and its default range. */
export const gatewayPorts = { first: 1025, last: 65535, defaultStart: 32768, defaultEnd: 65535 } as const;

/** Judges the name of a Kubernetes object: the API server is stricter than the master. */
export const judgeName = (name: string, isLabel: boolean): string | false => {
  if (name.length > 63) return `'${name}' has ${name.length} characters; the master accepts at most 63`;
  if (!masterName.test(name)) return `'${name}' does not match ${masterName.source}`;
  if (isLabel && !dnsLabel.test(name)) return `'${name}' cannot be a namespace: only a-z, 0-9 and '-'`;
  if (!dnsName.test(name)) return `'${name}' cannot be a Kubernetes name: only a-z, 0-9, '-' and '.'`;
  return false;
};

/** Judges an address that is dialed as `host:port`. */
export const judgeHost = (host: string): string | false => {
  if (host.trim() !== host) return `'${host}' is blank or has surrounding blanks`;
  if (host.includes('://')) return `'${host}' is a URL, not a host`;
  if (/^([^:]*|\[.*\]):\d+$/.test(host)) return `'${host}' has a port`;
  if (host === '0.0.0.0' || host === '::') return `'${host}' is an address to listen on, not to dial`;
  if (isIP(host) === 0 && /^[0-9.]+$/.test(host)) return `'${host}' is not an IP address`;
  if (isIP(host) === 0 && !hostName.test(host)) return `'${host}' is neither an IP address nor a host name`;
  return false;
};

const hasGateway = (block: Item): boolean => {
  const item = findItem(block, gateway);
  return item?.kind === 'map' && item.fields.length > 0;
};

const judgePort = (port: number | undefined): string | false =>
  port !== undefined &&
  (port < gatewayPorts.first || port > gatewayPorts.last) &&
  `${port} is not in ${gatewayPorts.first}-${gatewayPorts.last}`;

const stringRule = (key: string, judge: (value: string) => string | false, hint: string): Rule<ManagerScope> => ({
  key: `${gateway}.${key}`,
  check: ({ block }) => {
    const value = findString(block, `${gateway}.${key}`);
    return value !== undefined && value !== '' && !value.includes('$') && judge(value);
  },
  hint,
});

const portRule = (key: string, fallback: number): readonly Rule<ManagerScope>[] => [
  {
    key: `${gateway}.${key}`,
    check: ({ block }) => judgePort(findNumber(block, `${gateway}.${key}`)),
    hint: 'use a range outside the node ports and the ephemeral ports, such as 20000-20199',
  },
  {
    key: `${gateway}.${key}`,
    severity: 'warning',
    check: ({ block }) =>
      hasGateway(block) && !has(block, `${gateway}.${key}`) && `is missing: the master then uses ${fallback}`,
    hint: 'write both ends of the range: the default range overlaps the ephemeral ports',
  },
];

/** The port that the master uses; undefined if the file's value is not a number. */
const portOf = (block: Item, key: string, fallback: number): number | undefined =>
  has(block, `${gateway}.${key}`) ? findNumber(block, `${gateway}.${key}`) : fallback;

const rangeOrder: Rule<ManagerScope> = {
  key: `${gateway}.gateway_port_range_end`,
  check: ({ block }) => {
    const start = portOf(block, 'gateway_port_range_start', gatewayPorts.defaultStart);
    const end = portOf(block, 'gateway_port_range_end', gatewayPorts.defaultEnd);
    if (start === undefined || end === undefined || start < end) return false;
    return `end ${end} is not greater than gateway_port_range_start ${start}`;
  },
  hint: 'the range includes both ends, and the master refuses a range of one port',
};

/** Ranges that the master takes, and that fail for some tasks. */
const overlap = (other: PortRange, what: string, apart = 0): Rule<ManagerScope> => ({
  key: `${gateway}.gateway_port_range_start`,
  severity: 'warning',
  check: ({ block }) => {
    const start = findNumber(block, `${gateway}.gateway_port_range_start`);
    const end = findNumber(block, `${gateway}.gateway_port_range_end`);
    if (start === undefined || end === undefined || judgePort(start) || judgePort(end)) return false;
    if (Math.max(start, other.start) + apart > Math.min(end, other.end)) return false;
    return `ports ${start}-${end} overlap ${other.start}-${other.end}, ${what}`;
  },
  hint: 'choose a range inside 1025-24767 or 59582-65535, such as 20000-20199',
});

const presence: Rule<ManagerScope> = {
  key: gateway,
  severity: 'warning',
  check: ({ block }) => !findItem(block, gateway) && 'is missing: tasks of this resource manager are not exposed',
  hint: 'add gateway_name, gateway_namespace, gateway_ip and a port range, unless the master runs in the same cluster',
};

/**
 * Rules of the `internal_task_gateway` block (determined-ai/determined, InternalTaskGatewayConfig.Validate). They also
 * refuse values that the master accepts, but that later fail at the API server or when dialed.
 */
export const gatewayRules: readonly Rule<ManagerScope>[] = [
  presence,
  stringRule('gateway_name', (name) => judgeName(name, false), 'use the name that `kubectl get gateway -A` shows'),
  stringRule(
    'gateway_namespace',
    (name) => judgeName(name, true),
    'use the namespace that `kubectl get gateway -A` shows',
  ),
  stringRule('gateway_ip', judgeHost, 'write only the address that the master dials: 192.168.49.2 or a host name'),
  ...portRule('gateway_port_range_start', gatewayPorts.defaultStart),
  ...portRule('gateway_port_range_end', gatewayPorts.defaultEnd),
  rangeOrder,
  overlap(nodePorts, "the cluster's node ports"),
  overlap(ephemeralOverlap, "which Envoy binds among the kernel's ephemeral ports"),
  overlap(pairedPorts, 'of which Contour binds pairs to the same container port', pairedPorts.apart),
];
