// Tested in test/e2e/chaos.test.ts
import type { Kube } from '../../../lib/kube/client.ts';
import { polling, waitUntil } from '../../../lib/wait.ts';
import type { GatewayEndpoint } from '../../../model/gateway-endpoint.ts';
import { removeLeftovers, removeSampleTask } from '../../../proof/sample-task/removal.ts';
import type { SampleTaskSpec } from '../../../proof/sample-task/sample-task.ts';
import type { HeldResult } from '../judge.ts';
import { type ChurnTotal, startChurn } from './churn.ts';
import { holdConnection } from './held.ts';
import { answers, expose, type Server, startServer } from './server.ts';

export type Traffic = {
  /** Ends it and tells what it met; safe to repeat. */
  readonly stop: () => Promise<{ readonly held: readonly HeldResult[]; readonly churn: ChurnTotal }>;
};

type TrafficSpec = SampleTaskSpec & { readonly gateway: GatewayEndpoint };

const startMs = 60_000;
/** What is owed to a held connection after a recovery. */
const owedMs = 20_000;
const connections = 2;

const holdThrough = async (kube: Kube, server: Server, signal: AbortSignal) => {
  const exposed = await expose(kube, server);
  const isThere = await answers(exposed, { timeoutMs: startMs, signal });
  const held = isThere === true ? Array.from({ length: connections }, () => holdConnection(exposed.target)) : [];
  const finish = async (patienceMs: number): Promise<readonly HeldResult[]> =>
    Promise.all(held.map(async (one) => ({ way: 'forward' as const, ...(await one.finish(patienceMs)) })));
  const counts = polling(async () => held.map((one) => one.answered()), 20);
  const speak = (answered: readonly number[]) =>
    (answered.length > 0 && answered.every((count) => count > 2)) || `${isThere}, answers: ${answered.join(', ')}`;
  const options = { timeoutMs: startMs, id: 'proof.broken-path', hint: 'see: taskgate smoke', signal } as const;
  await waitUntil('Held connections', counts, speak, options).catch(async (error: unknown) => {
    await finish(0);
    throw error;
  });
  return finish;
};

/** Removes the pod and every listener of the traffic. */
const removeAll = async (kube: Kube, { task, gateway }: Server): Promise<void> => {
  await removeSampleTask(kube, task, gateway);
  await removeLeftovers(kube, { ...task, gateway });
};

/** Starts a pod, connections that are held through the Gateway, and listeners that come and go. */
export const withTraffic = async <T>(
  kube: Kube,
  { spec, signal }: { readonly spec: TrafficSpec; readonly signal: AbortSignal },
  work: (traffic: Traffic) => Promise<T>,
): Promise<T> => {
  await removeLeftovers(kube, spec);
  const server = await startServer(kube, spec, { timeoutMs: startMs, signal });
  try {
    const finish = await holdThrough(kube, server, signal);
    const churn = startChurn(kube, server);
    const stop = async () => {
      const total = await churn.stop();
      return { held: await finish(owedMs), churn: total };
    };
    return await work({ stop }).finally(() => Promise.all([churn.stop(), finish(0)]));
  } finally {
    await removeAll(kube, server);
  }
};
