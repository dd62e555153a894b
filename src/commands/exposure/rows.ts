import type { InstanceRecord } from '../../instance/record.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import type { Exposure } from '../../tunnel/exposure.ts';
import { linksOf, linksWithin, type VpnLink } from './links.ts';

/** An exposed address, and the VPN links of this host that lead to it. */
export type Reachable = Exposure & { readonly through?: readonly string[] };

type Exposing = Pick<InstanceRecord, 'provider' | 'cluster' | 'networkPolicy'>;

/** The pods of tasks past the Gateway: without a policy every port of theirs is open inside the cluster. */
const podExposure = ({ provider, networkPolicy: policy }: Exposing): Exposure => {
  const what = { what: 'task pods', address: 'all their ports' };
  if (!policy) {
    const to = `every pod of the cluster${provider === 'native' ? ', and this host by its route to them' : ''}`;
    return { ...what, to, protection: 'nothing: network.policies is off' };
  }
  const others = (policy.spec.ingress[0]?.from.length ?? 0) > 1 ? ' and other tasks' : '';
  const enforced = provider === 'attach' ? ", as far as the cluster's network enforces it" : '';
  return { ...what, to: `Envoy${others}`, protection: `${describeRef(policy)}${enforced}` };
};

/** What a cluster serves beside task ports: pods of tasks, and of a native node its own programs. */
export const clusterExposure = (record: Exposing): readonly Exposure[] => [
  ...(record.cluster ? [podExposure(record)] : []),
  ...nodeExposure(record),
];

/** Programs of other clusters' nodes are their own matter. */
const nodeExposure = ({ provider, cluster }: Exposing): readonly Exposure[] => {
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
