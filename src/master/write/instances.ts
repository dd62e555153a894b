import { UserError } from '../../lib/errors.ts';
import type { Instances, MasterValues } from './values.ts';

/** Something that two instances of one master must not share; `shared` returns what they share, or false. */
type OverlapRule = {
  readonly shared: (one: MasterValues, other: MasterValues) => string | false;
  readonly hint: string;
};

const gatewayOf = ({ gateway }: MasterValues): string => `${gateway.namespace}/${gateway.name}`;

/** Two kubeconfigs may be of one cluster; its id, or the address of its Gateway, shows that. */
const isSameCluster = (one: MasterValues, other: MasterValues): boolean =>
  one.kubeconfigPath === other.kubeconfigPath || (one.clusterId !== undefined && one.clusterId === other.clusterId);

const isSameGateway = (one: MasterValues, other: MasterValues): boolean =>
  gatewayOf(one) === gatewayOf(other) && (isSameCluster(one, other) || one.gateway.address === other.gateway.address);

const rangeOf = ({ gateway: { portRange } }: MasterValues): string => `${portRange.start}-${portRange.end}`;

const sharePort = ({ gateway: one }: MasterValues, { gateway: other }: MasterValues): boolean =>
  one.address === other.address &&
  one.portRange.start <= other.portRange.end &&
  other.portRange.start <= one.portRange.end;

const overlapRules: readonly OverlapRule[] = [
  {
    shared: (one, other) => one.clusterName === other.clusterName && `the cluster name ${one.clusterName}`,
    hint: 'give one of them another master.clusterName',
  },
  {
    shared: (one, other) => one.resourcePool === other.resourcePool && `the resource pool ${one.resourcePool}`,
    hint: 'give one of them another master.resourcePool: pool names must be unique across all resource managers',
  },
  {
    shared: (one, other) => isSameGateway(one, other) && `Gateway ${gatewayOf(one)} of one cluster`,
    hint: 'give each its own Gateway: a starting master removes listeners that it does not know',
  },
  {
    shared: (one, other) =>
      !isSameGateway(one, other) &&
      sharePort(one, other) &&
      `ports of ${one.gateway.address} (${rangeOf(one)} and ${rangeOf(other)})`,
    hint: 'give one of them another gateway.portRange, or another address',
  },
  {
    shared: (one, other) =>
      (isSameCluster(one, other) || isSameGateway(one, other)) &&
      one.taskNamespace === other.taskNamespace &&
      `task namespace ${one.taskNamespace} of one cluster`,
    hint: 'give one of them another master.taskNamespace',
  },
];

type Overlap = { readonly message: string; readonly hint: string };

const judgePair = (one: MasterValues, other: MasterValues): readonly Overlap[] => {
  if (one.instance === other.instance) {
    return [{ message: `instance ${one.instance} is named twice`, hint: 'name each instance once' }];
  }
  const overlaps: Overlap[] = overlapRules.flatMap(({ shared, hint }) => {
    const what = shared(one, other);
    return what === false ? [] : [{ message: `${one.instance} and ${other.instance} both have ${what}`, hint }];
  });
  if (one.tls || other.tls) {
    const whose = one.tls ? one : other;
    const only = `the certificate of ${whose.instance} is for that instance's tasks only`;
    overlaps.push({ message: only, hint: 'bring up instances that share a master without master.tls' });
  }
  if (one.listenPort === other.listenPort) return overlaps;
  // a master listens on one port, which the tasks of all instances must reach
  const message = `${one.instance} expects the master on port ${one.listenPort}, ${other.instance} on ${other.listenPort}`;
  return [...overlaps, { message, hint: 'give both the same master.port' }];
};

/**
 * Verifies that one master can serve the instances. Throws UserError `usage.instances-overlap` with all conflicts
 * between them: the master checks only the names, and would otherwise destroy tasks (docs/determined.md, Two masters).
 */
export const verifyDisjoint = (instances: Instances): void => {
  const found = instances.flatMap((other, index) => instances.slice(0, index).flatMap((one) => judgePair(one, other)));
  if (found.length === 0) return;
  throw new UserError(`one master cannot serve these instances: ${found.map(({ message }) => message).join('; ')}`, {
    id: 'usage.instances-overlap',
    hint: [...new Set(found.map(({ hint }) => hint))].join('; '),
  });
};
