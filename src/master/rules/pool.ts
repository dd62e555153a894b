import { findItem, findNumber, findString, type Item } from '../schema/document.ts';
import { errorAt, type Problem, warningAt } from '../schema/problem.ts';
import { isGiven, type Manager, type MasterFile, positionAt } from './rule.ts';

const duplicateNames = (pools: readonly Item[], implied: readonly string[]): readonly Problem[] => {
  const seen = new Set(implied);
  return pools.flatMap((pool) => {
    const name = findString(pool, 'pool_name');
    if (name === undefined) return [];
    const isTaken = seen.has(name);
    seen.add(name);
    const hint = 'pool names must be unique across all resource managers';
    return isTaken ? [errorAt(positionAt(pool, 'pool_name'), `'${name}' is the name of another pool`, hint)] : [];
  });
};

const negativeCounts = (pool: Item): readonly Problem[] =>
  ['max_aux_containers_per_agent', 'max_cpu_containers_per_agent'].flatMap((key) => {
    const count = findNumber(pool, key) ?? 0;
    return count < 0 ? [errorAt(positionAt(pool, key), `${count} is less than 0`)] : [];
  });

const defaultKeys = ['default_aux_resource_pool', 'default_compute_resource_pool'] as const;

/** A root list without a pool `default` passes the master's validation, but tasks that name no pool then fail. */
const missingDefaults = ({ block, pools }: Manager): readonly Problem[] => {
  const switchedOff = findItem(block, 'no_default_resource_pools');
  if (switchedOff?.kind === 'bool' && switchedOff.value === true) return [];
  const names = pools?.map((pool) => findString(pool, 'pool_name')) ?? ['default'];
  return defaultKeys.flatMap((key) => {
    const wanted = findString(block, key) || 'default';
    if (names.includes(wanted) || wanted.includes('$')) return [];
    const message = isGiven(block, key)
      ? `there is no resource pool '${wanted}'`
      : "is missing, and there is no resource pool 'default'";
    return [warningAt(positionAt(block, key), message, `name one of: ${names.join(', ')}`)];
  });
};

const noPools = ({ block, pools, isRoot }: Manager): readonly Problem[] => {
  if (isRoot || (pools && pools.length > 0)) return [];
  const place = { ...block, path: block.path.replace(/resource_manager$/i, 'resource_pools') };
  const hint = 'add resource_pools next to its resource_manager, with a unique pool_name';
  return [errorAt(place, 'is missing: an additional resource manager needs at least one pool', hint)];
};

/** Rules of `resource_pools`, across all resource managers (resource_config.go, ResourceConfig.Validate). */
export const checkPools = ({ managers, kubernetes }: MasterFile): readonly Problem[] => {
  const all = managers.flatMap(({ pools }) => pools ?? []);
  const rootGivesPools = managers.some(({ isRoot, pools }) => isRoot && pools);
  return [
    ...duplicateNames(all, rootGivesPools ? [] : ['default']),
    ...all.flatMap(negativeCounts),
    ...managers.flatMap(noPools),
    ...kubernetes.filter(({ isRoot }) => isRoot).flatMap(missingDefaults),
  ];
};
