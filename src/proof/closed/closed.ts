import { messageOf } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';
import type { Finding, Hop } from '../../model/path.ts';
import type { ExposedTask } from '../sample-task/task.ts';

/** What a negative proof may use. The sample task answered through the Gateway just before: the path itself works. */
export type ClosedContext = {
  readonly kube: Kube;
  readonly task: ExposedTask;
  /** Name of the sample task's pod, which is ready. */
  readonly podName: string;
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
  readonly signal?: AbortSignal;
};

/** `untried`: this cluster or machine does not allow the attempt; the proof says so in a note. */
export type ClosedOutcome =
  | { readonly outcome: 'closed'; readonly evidence: string; readonly latencyMs?: number }
  | { readonly outcome: 'open'; readonly evidence: string; readonly finding: Finding }
  | { readonly outcome: 'untried'; readonly because: string };

/** One promise that something is not reachable, and the attempt that must fail. */
export type ClosedCheck = {
  readonly from: string;
  readonly to: string;
  readonly attempt: (context: ClosedContext) => Promise<ClosedOutcome>;
};

export type ClosedProof = { readonly hops: readonly Hop[]; readonly notes: readonly string[] };

const runCheck = async ({ from, to, attempt }: ClosedCheck, context: ClosedContext): Promise<ClosedProof> => {
  const outcome = await attempt(context).catch((error: unknown): ClosedOutcome => {
    context.signal?.throwIfAborted();
    return { outcome: 'untried', because: messageOf(error) };
  });
  if (outcome.outcome === 'untried') {
    return { hops: [], notes: [`not verified: ${from} does not reach ${to}: ${outcome.because}`] };
  }
  const { outcome: result, ...rest } = outcome;
  return { hops: [{ direction: 'closed', from, to, ok: result === 'closed', ...rest }], notes: [] };
};

/** Runs the negative proofs concurrently. Throws only the reason of an abort. */
export const proveClosed = async (checks: readonly ClosedCheck[], context: ClosedContext): Promise<ClosedProof> => {
  const proofs = await Promise.all(checks.map((check) => runCheck(check, context)));
  return { hops: proofs.flatMap(({ hops }) => hops), notes: proofs.flatMap(({ notes }) => notes) };
};
