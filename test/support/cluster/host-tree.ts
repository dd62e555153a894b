import type { HostTree } from '../../../src/cluster/native/isolation/host-tree.ts';

/** A host that has nothing for a node. */
export const emptyTree: HostTree = {
  programs: [],
  programFiles: [],
  copied: [],
  etcFiles: [],
  emptied: [],
  sealed: [],
  programMounts: ['/'],
};
