import { isIPv4 } from 'node:net';
import { linkName } from '../../cluster/native/link.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import type { CommandContext } from '../../providers/context.ts';
import { describeExposure, type Exposure } from '../../tunnel/exposure.ts';
import { type CommandInput, print, printJson, readMade } from '../command.ts';
import { getInstance } from '../open-instance.ts';
import { findStatus } from '../status/look.ts';
import { type Fenced, iptablesRules, nftRules } from './firewall.ts';
import type { ExposureFormat } from './formats.ts';
import { findLinkTo, findVpnLinks } from './links.ts';
import { clusterExposure, type Reachable, throughVpn } from './rows.ts';

export type ExposureFlags = { readonly format: ExposureFormat };

const renderers = { nft: nftRules, iptables: iptablesRules };

const unfenced = (name: string, why: string): UserError =>
  new UserError(`there is nothing to write firewall rules for: instance ${name} ${why}`, {
    id: 'environment.no-exposure',
    hint: `see what is reachable: taskgate exposure --name ${name}`,
  });

/** An attached cluster is elsewhere; the other two are behind a link of this host. */
const fencedOf = async (record: InstanceRecord, dir: string, { runner }: CommandContext): Promise<Fenced> => {
  const { name, cluster, gateway, publishedAddress: nodeAddress, provider } = record;
  if (!cluster || !gateway || !nodeAddress) throw unfenced(name, 'has no Gateway yet');
  if (!isIPv4(nodeAddress)) throw unfenced(name, `has its Gateway at ${nodeAddress}, which is no IPv4 address`);
  const { hostAddress } = cluster;
  const allowFrom = gateway.allowFrom ?? (isIPv4(hostAddress) ? [`${hostAddress}/32`] : []);
  const common = { instance: name, hostAddress, nodeAddress, portRange: gateway.portRange, allowFrom };
  if (provider === 'attach') return { ...common, place: 'node' };
  const link = provider === 'native' ? linkName(dir) : await findLinkTo(nodeAddress, runner);
  if (!link) throw unfenced(name, `has a node at ${nodeAddress}, to which this host has no route`);
  return { ...common, place: 'host', link };
};

const renderTable = (rows: readonly Reachable[]): string =>
  rows.length === 0 ? 'nothing is reachable' : rows.map(describeReachable).join('\n');

const describeReachable = ({ through, ...row }: Reachable): string =>
  `${describeExposure(row)}${through ? `; this host's VPN: ${through.join(', ')}` : ''}`;

/** Everything of an instance that is reachable; undefined parts of an instance that does not run are left out. */
const findReachable = async (context: CommandContext): Promise<readonly Reachable[]> => {
  const [status, links] = await Promise.all([findStatus(context), findVpnLinks(context.runner)]);
  const isRunning = status?.state === 'running';
  const all: readonly Exposure[] = [
    ...(status?.exposed ?? []),
    ...(isRunning && status.record ? clusterExposure(status.record) : []),
  ];
  return all.map((row) => throughVpn(row, links, status?.record?.gateway?.allowFrom));
};

/**
 * Prints every address of an instance that others reach, from where, by what protection, until when; or the rules that
 * limit it in a firewall. Throws UserError `environment.no-instance`, `environment.no-exposure`.
 * Tested in test/e2e/closed.test.ts.
 */
export const exposure = async (input: CommandInput, { format }: ExposureFlags): Promise<void> => {
  const { context } = await readMade(input);
  const instance = await getInstance(context);
  if (format === 'nft' || format === 'iptables') {
    return print(renderers[format](await fencedOf(instance.record(), instance.dir, context)));
  }
  const rows = await findReachable(context);
  if (format === 'json' || input.flags.json) printJson(rows);
  else print(renderTable(rows));
};
