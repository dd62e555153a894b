import { messageOf } from '../lib/errors.ts';
import type { Kube } from '../lib/kube/client.ts';
import type { Finding, Proof } from '../model/path.ts';
import { type ProbeOptions, probePath } from './probe/probe.ts';
import type { WantedPorts } from './sample-task/ports.ts';
import { findRefusal } from './sample-task/refusal.ts';
import { removeLeftovers, removeSampleTask } from './sample-task/removal.ts';
import { exposeSampleTask, type SampleTaskSpec, startSampleTask } from './sample-task/sample-task.ts';
import type { SampleTask } from './sample-task/task.ts';

export type ProveSpec = SampleTaskSpec &
  ProbeOptions & {
    readonly ports: WantedPorts;
    /** A sample task that runs already; it is removed, too. */
    readonly task?: SampleTask;
    /** Called with what an interrupted proof could not remove. */
    readonly warn?: (text: string) => void;
  };

/** Whether everything that the proof created has been removed. */
export type Cleanup = {
  readonly ok: boolean;
  readonly latencyMs: number;
  readonly removed: readonly string[];
  readonly finding?: Finding;
};

export type Proven = Proof & {
  /** Deviations: other ports than requested, leftovers of an earlier run. */
  readonly notes: readonly string[];
  readonly cleanup: Cleanup;
};

type Probed = Proof & { readonly notes: readonly string[] };

/** The proof of a path whose objects the API server refused. Throws errors that are not refusals. */
const refusedProof = (error: unknown, { gateway }: ProveSpec): Probed => {
  const finding = findRefusal(error);
  if (!finding) throw error;
  const to = `Gateway ${gateway.name}, Services, TCPRoutes`;
  return {
    ok: false,
    notes: [],
    hops: [{ direction: 'forward', from: 'API server', to, ok: false, evidence: messageOf(error), finding }],
  };
};

const cleanUp = async (kube: Kube, task: SampleTask, { gateway }: ProveSpec): Promise<Cleanup> => {
  const startMs = performance.now();
  const latencyMs = () => Math.round(performance.now() - startMs);
  try {
    return { removed: await removeSampleTask(kube, task, gateway), ok: true, latencyMs: latencyMs() };
  } catch (error) {
    const finding = findRefusal(error);
    if (!finding) throw error;
    return { removed: [], ok: false, latencyMs: latencyMs(), finding };
  }
};

const describeLeft = ({ cause }: Finding, { instance }: ProveSpec): string =>
  `not all of the sample task was removed: ${cause}; the next proof of ${instance} removes the rest`;

/**
 * Creates a sample task as the master creates one, proves the path in both directions and removes everything, also when
 * the signal aborts (then throws its reason). Leftovers of an earlier killed run are removed first.
 * A refusal by the API server is a broken hop, too.
 */
export const prove = async (kube: Kube, spec: ProveSpec): Promise<Proven> => {
  let task = spec.task;
  let probed: Probed | undefined;
  let cleanup: Cleanup = { ok: true, latencyMs: 0, removed: [] };
  try {
    const leftovers = await removeLeftovers(kube, spec);
    const notes = leftovers.length > 0 ? [`removed leftovers of an earlier run: ${leftovers.join(', ')}`] : [];
    task ??= await startSampleTask(kube, spec);
    spec.signal?.throwIfAborted();
    const exposed = await exposeSampleTask(kube, task, spec);
    const proof = await probePath(kube, exposed, spec);
    probed = { ...proof, notes: [...notes, ...exposed.notes, ...proof.notes] };
  } catch (error) {
    if (spec.signal?.aborted) throw error;
    probed = refusedProof(error, spec);
  } finally {
    if (task) cleanup = await cleanUp(kube, task, spec);
    if (spec.signal?.aborted && cleanup.finding) spec.warn?.(describeLeft(cleanup.finding, spec));
  }
  return { ...probed, ok: probed.ok && cleanup.ok, cleanup };
};
