import { randomUUID } from 'node:crypto';
import { UserError } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { isReady, type Pod } from '../../lib/kube/shapes.ts';
import type { Hop } from '../../model/path.ts';
import { containerPort } from '../../model/task-listener.ts';
import type { TaskPort } from '../sample-task/task.ts';
import { type Attempts, untilAnswered } from './dial.ts';

/** `failed`: Envoy ended the connection. `unasked`: the API server, or what is before it, did not get that far. */
type Answer =
  | { readonly outcome: 'answered' }
  | { readonly outcome: 'wrong' | 'failed' | 'unasked'; readonly seen: string };
type Asked = { readonly pod: Pod; readonly answer: Answer };

export type EachEnvoy = {
  /** All of the Gateway; one that is not Ready gets no connections. */
  readonly pods: readonly Pod[];
  readonly exposures: readonly TaskPort[];
  /** Each Envoy gets a new listener by itself, a moment earlier or later than the one that answered. */
  readonly timeoutMs: number;
  /** Between two questions to the same Envoy. */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal;
};

export type EachEnvoyProof = { readonly hops: readonly Hop[]; readonly notes: readonly string[] };

const nothing: EachEnvoyProof = { hops: [], notes: [] };
/** An Envoy that reaches no task ends the connection after Contour's 2 s; the API server waits for 30 s for one that is silent. */
const callTimeoutMs = 5_000;

/**
 * The API server's own words (apimachinery, pkg/util/proxy/transport.go) are a `Status` or text. Behind a TCPRoute an Envoy
 * that reaches no task accepts the connection and ends it.
 */
const isOfEnvoy = ({ reason, message }: KubeError): boolean =>
  /\bEOF\b|reset by peer|broken pipe/.test(message) || (reason === '' && !/trying to reach/i.test(message));

const explainFailure = (error: unknown): Answer => {
  if (error instanceof KubeError) return { outcome: isOfEnvoy(error) ? 'failed' : 'unasked', seen: error.message };
  if (error instanceof UserError) return { outcome: 'unasked', seen: error.message };
  throw error;
};

type Call = {
  readonly pod: Pod;
  readonly port: number;
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
};

/** Through the API server's pod proxy, past the Service, which chooses an Envoy by chance. */
const askOnce = async (kube: Kube, { pod, port, limitMs, signal }: Call): Promise<Answer> => {
  const { namespace, name } = pod.metadata;
  const nonce = randomUUID();
  const limit = AbortSignal.timeout(limitMs);
  try {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy/echo`;
    const answer = await kube.text(path, { msg: nonce }, signal ? AbortSignal.any([signal, limit]) : limit);
    return answer === nonce ? { outcome: 'answered' } : { outcome: 'wrong', seen: `answered ${answer.slice(0, 80)}` };
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) return { outcome: 'unasked', seen: `no answer within ${limitMs / 1_000} s` };
    return explainFailure(error);
  }
};

const nodeOf = ({ spec }: Pod): string => spec?.nodeName ?? 'not known';

const hopOf = ({ pod, answer }: Asked, { podPort }: TaskPort): Hop => {
  const { name } = pod.metadata;
  const node = nodeOf(pod);
  const ends = { direction: 'forward', from: `Envoy ${name}`, to: `pod (http ${podPort})` } as const;
  if (answer.outcome === 'answered')
    return { ...ends, ok: true, evidence: `node ${node}: fresh nonce echoed over HTTP` };
  return {
    ...ends,
    ok: false,
    evidence: `node ${node}: ${answer.seen}`,
    finding: {
      cause: `Envoy ${name} on node ${node} does not reach the task, another one does: ${answer.seen}`,
      hint: `every connection that this Envoy gets fails: check the network between pods of node ${node} and of the others (CNI), and its kube-proxy`,
    },
  };
};

const noteOf = ({ pod, answer }: Asked): readonly string[] =>
  answer.outcome === 'unasked'
    ? [
        `Envoy ${pod.metadata.name} on node ${nodeOf(pod)} is not proven: the API server does not reach it (${answer.seen})`,
      ]
    : [];

/**
 * With several Envoys a connection through the Gateway proves one of them. Sends a fresh nonce through each. Where the API
 * server reaches none, or not this one, as from outside of the pods' network, that is not proven, which a note says. Throws
 * the reason of an abort, nothing else.
 */
export const probeEachEnvoy = async (
  kube: Kube,
  { pods, exposures, timeoutMs, pauseMs = 200, signal }: EachEnvoy,
): Promise<EachEnvoyProof> => {
  const ready = pods.filter(isReady);
  const exposure = exposures.find(({ protocol }) => protocol === 'http');
  if (ready.length < 2 || !exposure) return nothing;
  const attempts: Attempts = { pauseMs, until: AbortSignal.timeout(timeoutMs), ...(signal && { signal }) };
  const limitMs = Math.min(timeoutMs, callTimeoutMs);
  const port = containerPort(exposure.listenerPort);
  const asked = await Promise.all(
    ready.map(async (pod): Promise<Asked> => {
      const answer = await untilAnswered(() => askOnce(kube, { pod, port, limitMs, signal }), attempts);
      return { pod, answer };
    }),
  );
  if (!asked.some(({ answer: { outcome } }) => outcome === 'answered' || outcome === 'wrong')) {
    return { hops: [], notes: [`only one of ${ready.length} Envoys is proven: the API server reaches none of them`] };
  }
  const reached = asked.filter(({ answer }) => answer.outcome !== 'unasked');
  return { hops: reached.map((one) => hopOf(one, exposure)), notes: asked.flatMap(noteOf) };
};
