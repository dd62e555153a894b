import { checkShape } from '../schema/check.ts';
import { findItem, findString, type Item, itemsAt, type MapItem } from '../schema/document.ts';
import { masterReader, masterShape } from '../schema/master.ts';
import { errorAt, type Problem } from '../schema/problem.ts';
import { findVariables } from '../schema/variables.ts';
import { fileRules } from './file.ts';
import { gatewayRules } from './gateway.ts';
import { checkPools } from './pool.ts';
import { managerRules } from './resource-manager.ts';
import { applyRules, has, type Manager, type MasterFile } from './rule.ts';
import { checkSharing } from './sharing.ts';
import { checkTaskDefaults } from './task-defaults.ts';

const otherTypes: readonly string[] = ['agent', 'slurm', 'pbs'];

/** An additional one of another type is also checked as a Kubernetes one, and its type is refused. */
const isKubernetes = ({ block, isRoot }: Manager): boolean =>
  !isRoot || !otherTypes.includes(findString(block, 'type') ?? '');

const poolsOf = (item: Item): readonly Item[] | undefined =>
  has(item, 'resource_pools') ? itemsAt(item, 'resource_pools') : undefined;

const managerOf = (entry: Item, isRoot: boolean): readonly Manager[] => {
  const block = findItem(entry, 'resource_manager');
  return block?.kind === 'map' ? [{ block, isRoot, pools: poolsOf(entry) }] : [];
};

/** Reads the resource managers of a master's configuration. */
export const readMasterFile = (root: MapItem): MasterFile => {
  const additional = itemsAt(root, 'additional_resource_managers');
  const managers = [...managerOf(root, true), ...additional.flatMap((entry) => managerOf(entry, false))];
  return { root, managers, kubernetes: managers.filter(isKubernetes), managerCount: 1 + additional.length };
};

/**
 * All problems of a master's configuration: everything that the real master (0.38.1) refuses, and settings that it accepts
 * and then silently ignores or changes. `isExpanded`: its variables are judged already.
 */
export const checkMaster = (root: Item, isExpanded = false): readonly Problem[] => {
  if (root.kind !== 'map') return [errorAt(root, 'must be a block of keys')];
  const file = readMasterFile(root);
  const rootManager = file.managers.find(({ isRoot }) => isRoot);
  const shape = masterShape(rootManager && !isKubernetes(rootManager) ? 'other' : 'kubernetes');
  return [
    ...checkShape(root, shape, masterReader),
    ...(isExpanded ? [] : findVariables(root, shape)),
    ...applyRules(fileRules, root, file),
    ...file.kubernetes.flatMap((manager) =>
      applyRules([...managerRules, ...gatewayRules], manager.block, { ...manager, file }),
    ),
    ...checkTaskDefaults(file),
    ...checkPools(file),
    ...checkSharing(file),
  ];
};
