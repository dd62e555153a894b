import { randomUUID } from 'node:crypto';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { isReady, type Pod } from '../../lib/kube/shapes.ts';
import type { Hop } from '../../model/path.ts';
import { containerPort } from '../../model/task-listener.ts';
import type { TaskPort } from '../sample-task/task.ts';
import { type Attempts, untilAnswered } from './dial.ts';

type Asked = { readonly outcome: 'answered' } | { readonly outcome: 'wrong' | 'failed'; readonly seen: string };

export type EachEnvoy = {
  /** All of the Gateway; one that is not Ready gets no connections. */
  readonly pods: readonly Pod[];
  readonly exposures: readonly TaskPort[];
  /** Each Envoy gets a new listener by itself, a moment earlier or later than the one that answered. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

export type EachEnvoyProof = { readonly hops: readonly Hop[]; readonly notes: readonly string[] };

const nothing: EachEnvoyProof = { hops: [], notes: [] };
const pauseMs = 200;

/** Through the API server's pod proxy, past the Service, which chooses an Envoy by chance. */
const askOnce = async (kube: Kube, { metadata: { namespace, name } }: Pod, port: number): Promise<Asked> => {
  const nonce = randomUUID();
  try {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy/echo`;
    const answer = await kube.text(path, { msg: nonce });
    return answer === nonce ? { outcome: 'answered' } : { outcome: 'wrong', seen: `answered ${answer.slice(0, 80)}` };
  } catch (error) {
    if (error instanceof KubeError) return { outcome: 'failed', seen: error.message };
    throw error;
  }
};

const hopOf = ({ metadata: { name }, spec }: Pod, { podPort }: TaskPort, asked: Asked): Hop => {
  const node = spec?.nodeName ?? 'not known';
  const ends = { direction: 'forward', from: `Envoy ${name}`, to: `pod (http ${podPort})` } as const;
  if (asked.outcome === 'answered')
    return { ...ends, ok: true, evidence: `node ${node}: fresh nonce echoed over HTTP` };
  return {
    ...ends,
    ok: false,
    evidence: `node ${node}: ${asked.seen}`,
    finding: {
      cause: `Envoy ${name} on node ${node} does not reach the task, another one does: ${asked.seen}`,
      hint: `every connection that this Envoy gets fails: check the network between pods of node ${node} and of the others (CNI), and its kube-proxy`,
    },
  };
};

/**
 * With several Envoys a connection through the Gateway proves one of them. Sends a fresh nonce through each. Where the API
 * server reaches none, as from outside of the pods' network, nothing is proven, which a note says.
 */
export const probeEachEnvoy = async (
  kube: Kube,
  { pods, exposures, timeoutMs, signal }: EachEnvoy,
): Promise<EachEnvoyProof> => {
  const ready = pods.filter(isReady);
  const exposure = exposures.find(({ protocol }) => protocol === 'http');
  if (ready.length < 2 || !exposure) return nothing;
  const attempts: Attempts = { pauseMs, until: AbortSignal.timeout(timeoutMs), ...(signal && { signal }) };
  const port = containerPort(exposure.listenerPort);
  const asked = await Promise.all(
    ready.map(async (pod) => ({ pod, asked: await untilAnswered(() => askOnce(kube, pod, port), attempts) })),
  );
  if (asked.every((one) => one.asked.outcome === 'failed')) {
    return { hops: [], notes: [`only one of ${ready.length} Envoys is proven: the API server reaches none of them`] };
  }
  return { hops: asked.map((one) => hopOf(one.pod, exposure, one.asked)), notes: [] };
};
