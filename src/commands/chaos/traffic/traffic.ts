// Tested in test/e2e/chaos.test.ts
import { UserError } from '../../../lib/errors.ts';
import type { Kube } from '../../../lib/kube/client.ts';
import { polling, waitUntil } from '../../../lib/wait.ts';
import type { GatewayEndpoint } from '../../../model/gateway-endpoint.ts';
import type { HostPort } from '../../../proof/probe/dial.ts';
import { removeLeftovers, removeSampleTask } from '../../../proof/sample-task/removal.ts';
import type { SampleTaskSpec } from '../../../proof/sample-task/sample-task.ts';
import type { HeldResult, HeldWay } from '../judge.ts';
import { type ChurnTotal, startChurn } from './churn.ts';
import { type Dialogue, echoDialogue, holdConnection, masterDialogue } from './held.ts';
import { answers, expose, type Server, startServer } from './server.ts';

export type Traffic = {
  /** From now on something is broken: what is made and answered before proves nothing. */
  readonly begin: () => void;
  /** Ends it and tells what it met; safe to repeat. */
  readonly stop: () => Promise<{ readonly held: readonly HeldResult[]; readonly churn: ChurnTotal }>;
};

type TrafficInput = {
  readonly spec: SampleTaskSpec & { readonly gateway: GatewayEndpoint };
  /** The public end of a tunnel behind which a placeholder master listens. */
  readonly tunnelEnd?: HostPort | undefined;
  /** How many times as long as usual anything may take. */
  readonly slack: number;
  readonly signal: AbortSignal;
};

const startMs = 60_000;
/** What is owed to a held connection after a recovery. */
const owedMs = 20_000;
/** Of each way. */
const connections = 2;

type Limits = { readonly timeoutMs: number; readonly signal: AbortSignal };

const brokenPath = { id: 'proof.broken-path', hint: 'see: taskgate smoke' } as const;

/** A listener that answers, for connections that are held through the Gateway. */
const exposeHeld = async (kube: Kube, server: Server, limits: Limits): Promise<HostPort> => {
  const exposed = await expose(kube, server);
  const isThere = await answers(exposed, limits);
  if (isThere !== true) throw new UserError(`a listener for held connections: ${isThere}`, brokenPath);
  return exposed.target;
};

type Line = { readonly way: HeldWay; readonly target: HostPort; readonly dialogue: Dialogue };

/** Opens connections, and waits until each has got answers; gives what ends them all. */
const holdAll = async (lines: readonly Line[], limits: Limits) => {
  const held = lines.flatMap(({ way, target, dialogue }) =>
    Array.from({ length: connections }, () => ({ way, connection: holdConnection(target, dialogue) })),
  );
  const finish = async (patienceMs: number): Promise<readonly HeldResult[]> =>
    Promise.all(held.map(async ({ way, connection }) => ({ way, ...(await connection.finish(patienceMs)) })));
  const counts = polling(async () => held.map(({ connection }) => connection.answered()), 20);
  const speak = (answered: readonly number[]) =>
    answered.every((count) => count > 2) || `answers: ${answered.join(', ')}`;
  await waitUntil('Held connections', counts, speak, { ...limits, ...brokenPath }).catch(async (error: unknown) => {
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

/** Starts a pod, connections that are held through the Gateway and the tunnel, and listeners that come and go. */
export const withTraffic = async <T>(
  kube: Kube,
  { spec, tunnelEnd, slack, signal }: TrafficInput,
  work: (traffic: Traffic) => Promise<T>,
): Promise<T> => {
  const limits = { timeoutMs: startMs * slack, signal };
  await removeLeftovers(kube, spec);
  const server = await startServer(kube, spec, limits);
  try {
    const target = await exposeHeld(kube, server, limits);
    const finish = await holdAll(
      [
        { way: 'forward', target, dialogue: echoDialogue },
        ...(tunnelEnd ? [{ way: 'reverse', target: tunnelEnd, dialogue: masterDialogue } as const] : []),
      ],
      limits,
    );
    const churn = startChurn(kube, server, slack);
    const stop = async () => {
      const total = await churn.stopRecovered();
      return { held: await finish(owedMs * slack), churn: total };
    };
    return await work({ begin: churn.begin, stop }).finally(() => Promise.all([churn.stop(), finish(0)]));
  } finally {
    await removeAll(kube, server);
  }
};
