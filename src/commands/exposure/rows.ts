import type { InstanceRecord } from '../../instance/record.ts';
import type { Exposure } from '../../tunnel/exposure.ts';
import { linksOf, linksWithin, type VpnLink } from './links.ts';

/** An exposed address, and the VPN links of this host that lead to it. */
export type Reachable = Exposure & { readonly through?: readonly string[] };

/** What a native node serves beside task ports. Those of other clusters are their own matter. */
export const clusterExposure = ({ provider, cluster }: Pick<InstanceRecord, 'provider' | 'cluster'>) => {
  if (provider !== 'native' || !cluster) return [];
  const to = "this host, by its own link to the node, and the cluster's pods";
  const row = (port: number, program: string, protection: string): Exposure => ({
    ...{ what: program, address: `${cluster.nodeAddress}:${port}`, to, protection },
  });
  return [
    row(6443, 'API server', 'TLS, client certificates and tokens'),
    row(10250, 'kubelet', 'TLS, client certificates and tokens'),
    row(53, 'CoreDNS', 'nothing: it answers names of the cluster'),
  ];
};

const hostOf = (address: string): string => {
  const [, host = ''] = /^(?:[a-z]+:\/\/)?(.*?)(?::[\d-]+)?$/.exec(address) ?? [];
  return host.replace(/^\[|\]$/g, '');
};

/** The row with the VPN links by which it is reached, if there are any. */
export const throughVpn = (row: Exposure, links: readonly VpnLink[], allowFrom: readonly string[] = []): Reachable => {
  const found = [
    ...linksOf(links, hostOf(row.address)),
    ...(row.what === 'task ports' ? linksWithin(links, allowFrom) : []),
  ];
  const through = [...new Set(found.map(({ name, kind }) => `${name} (${kind})`))];
  return { ...row, ...(through.length > 0 && { through }) };
};
