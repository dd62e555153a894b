import type { Kube } from '../../../lib/kube/client.ts';
import { isReady, type Pod } from '../../../lib/kube/shapes.ts';
import type { Selection } from '../../../lib/kube/types.ts';
import type { Verdict } from '../../../lib/wait.ts';
import type { Broken, Fault } from './fault.ts';
import { notInjected } from './processes.ts';

const uidsOf = (pods: readonly Pod[]): readonly (string | undefined)[] => pods.map(({ metadata }) => metadata.uid);

/** Whether pods are there, Ready, and none of them is one that was deleted. */
export const judgeReplacement = (pods: readonly Pod[], former: readonly (string | undefined)[]): Verdict => {
  const kept = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
  if (kept.length === 0) return 'there is no new pod';
  if (kept.some(({ metadata }) => former.includes(metadata.uid))) return 'a deleted pod is still there';
  return kept.every(isReady) || 'the new pod is not Ready';
};

/** The pods are deleted, and seen to end. */
export const deletePods = (what: string, kube: Kube, selection: Selection): Fault => ({
  inject: async (): Promise<Broken> => {
    const pods = await kube.list<Pod>(selection);
    const former = uidsOf(pods);
    for (const pod of pods) await kube.remove(pod);
    const after = await kube.list<Pod>(selection);
    const untouched = after.find(({ metadata }) => former.includes(metadata.uid) && !metadata.deletionTimestamp);
    if (pods.length === 0) throw notInjected(`there is no pod of ${what}`);
    if (untouched) throw notInjected(`pod ${untouched.metadata.name} was not deleted`);
    return {
      seen: `${pods.map(({ metadata }) => metadata.name).join(', ')} deleted`,
      isBack: async () => judgeReplacement(await kube.list<Pod>(selection), former),
    };
  },
});
