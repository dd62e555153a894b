import type { ClusterProvider, ClusterState } from '../../src/cluster/provider.ts';
import type { Cluster } from '../../src/model/cluster.ts';

export type FakeProviderInput = {
  /** What `find` says. */
  readonly state?: ClusterState;
  /** What a start does; without it, a start is an error of the test. */
  readonly start?: (signal: AbortSignal) => Promise<Cluster>;
};

/** A provider that keeps every call, as `start`, `loadImages ARCHIVE REF...`, with the deadline that it was given. */
export const fakeProvider = ({ state = 'absent', start }: FakeProviderInput = {}) => {
  const calls: string[] = [];
  const timeoutsMs: number[] = [];
  const provider: ClusterProvider = {
    find: async () => {
      calls.push('find');
      return state;
    },
    start: async ({ signal, timeoutMs }) => {
      calls.push('start');
      timeoutsMs.push(timeoutMs);
      if (!start) throw new Error('fakeProvider was not told how to start');
      return start(signal);
    },
    loadImages: async (archive, refs, { timeoutMs }) => {
      calls.push(['loadImages', archive, ...refs].join(' '));
      timeoutsMs.push(timeoutMs);
    },
    stop: async () => void calls.push('stop'),
    delete: async () => void calls.push('delete'),
  };
  return { provider, calls, timeoutsMs };
};
