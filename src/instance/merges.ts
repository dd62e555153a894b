import type { InstanceRecord, Merge } from './record.ts';

type Merges = Pick<InstanceRecord, 'merged' | 'mergedBefore'>;

/** Every kubeconfig of the user's that has an instance's context. */
export const mergesOf = ({ merged, mergedBefore = [] }: Merges): readonly Merge[] => [
  ...mergedBefore,
  ...(merged ? [merged] : []),
];

const isSame = (one: Merge, other: Merge): boolean => one.path === other.path && one.kubeContext === other.kubeContext;

/** The fields of a record to which another merge was added; one that is known already becomes the last. */
export const withMerge = (
  record: Merges,
  merge: Merge,
): { readonly merged: Merge; readonly mergedBefore: readonly Merge[] } => ({
  merged: merge,
  mergedBefore: mergesOf(record).filter((one) => !isSame(one, merge)),
});
