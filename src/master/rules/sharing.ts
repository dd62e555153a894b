import { findNumber, findString } from '../schema/document.ts';
import { errorAt, type Position, type Problem, warningAt } from '../schema/problem.ts';
import { gatewayPorts } from './gateway.ts';
import { clusterNameOf } from './resource-manager.ts';
import { has, type Manager, type MasterFile, positionAt } from './rule.ts';

const gateway = 'internal_task_gateway';
const read = ({ block }: Manager, key: string): string => findString(block, key) ?? '';
const kubeconfigOf = (manager: Manager): string => read(manager, 'kubeconfig_path');
const addressOf = (manager: Manager): string => read(manager, `${gateway}.gateway_ip`);
const gatewayOf = (manager: Manager): string =>
  `${read(manager, `${gateway}.gateway_namespace`)}/${read(manager, `${gateway}.gateway_name`)}`;
const namespaceOf = (manager: Manager): string => read(manager, 'default_namespace') || 'default';

const sharesGateway = (one: Manager, other: Manager): boolean =>
  has(one.block, gateway) &&
  has(other.block, gateway) &&
  gatewayOf(one) === gatewayOf(other) &&
  (kubeconfigOf(one) === kubeconfigOf(other) || addressOf(one) === addressOf(other));

const rangeOf = ({ block }: Manager): readonly [start: number, end: number] => [
  findNumber(block, `${gateway}.gateway_port_range_start`) ?? gatewayPorts.defaultStart,
  findNumber(block, `${gateway}.gateway_port_range_end`) ?? gatewayPorts.defaultEnd,
];

/** Two Gateways at one address cannot listen on the same port. A shared Gateway is reported separately. */
const sharesPorts = (one: Manager, other: Manager): boolean => {
  if (addressOf(one) === '' || addressOf(one) !== addressOf(other) || sharesGateway(one, other)) return false;
  const [[start, end], [otherStart, otherEnd]] = [rangeOf(one), rangeOf(other)];
  return start <= otherEnd && otherStart <= end;
};

const sharesNamespace = (one: Manager, other: Manager): boolean =>
  kubeconfigOf(one) === kubeconfigOf(other) && namespaceOf(one) === namespaceOf(other);

type Pair = { readonly manager: Manager; readonly earlier: Manager };
const pairsOf = (managers: readonly Manager[]): readonly Pair[] =>
  managers.flatMap((manager, index) => managers.slice(0, index).map((earlier) => ({ manager, earlier })));

const judgePair = ({ manager, earlier }: Pair): readonly Problem[] => {
  const at = (key: string): Position => positionAt(manager.block, key);
  const other = `the resource manager on line ${earlier.block.line}`;
  const found = [
    sharesGateway(manager, earlier) &&
      errorAt(
        at(`${gateway}.gateway_name`),
        `Gateway ${gatewayOf(manager)} already belongs to ${other}`,
        "give each its own Gateway: on start, each removes the other's listeners",
      ),
    sharesPorts(manager, earlier) &&
      errorAt(
        at(`${gateway}.gateway_port_range_start`),
        `ports ${rangeOf(manager).join('-')} of ${addressOf(manager)} overlap those of ${other}`,
        'give each its own ports or its own address',
      ),
    sharesNamespace(manager, earlier) &&
      warningAt(
        at('default_namespace'),
        `namespace ${namespaceOf(manager)} is also used by ${other}`,
        "give each its own namespace, or kubeconfig: each cleans up the other's tasks",
      ),
  ];
  return found.filter((problem) => problem !== false);
};

/** Checks that resource managers do not conflict; the master checks only the names (docs/determined.md, Resource managers). */
export const checkSharing = ({ managers, kubernetes }: MasterFile): readonly Problem[] => [
  ...pairsOf(managers)
    .filter(({ manager, earlier }) => clusterNameOf(manager) === clusterNameOf(earlier))
    .map(({ manager }) =>
      errorAt(
        positionAt(manager.block, 'cluster_name'),
        `'${clusterNameOf(manager)}' is the name of another cluster`,
        'cluster names must be unique; a root resource manager without one has the name default',
      ),
    ),
  ...pairsOf(kubernetes).flatMap(judgePair),
];
