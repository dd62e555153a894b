import type { Pod } from '../../../src/lib/kube/shapes.ts';
import { condition, readyPod } from './path.ts';

const podWith = (status: NonNullable<Pod['status']>): Pod => ({ ...readyPod('p'), status });
export const waiting = (reason: string, message?: string): Pod =>
  podWith({
    phase: 'Pending',
    containerStatuses: [{ name: 'c', ready: false, state: { waiting: { reason, ...(message && { message }) } } }],
  });
export const terminated = podWith({
  phase: 'Failed',
  containerStatuses: [{ name: 'c', ready: false, state: { terminated: { exitCode: 2, reason: 'Error' } } }],
});
export const unschedulable = podWith({
  phase: 'Pending',
  conditions: [condition('PodScheduled', 'False', 'Unschedulable', '0/1 nodes are available: 1 Too many pods')],
});
