import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../lib/errors.ts';
import { isFields, itemsOf, parseJson } from '../../lib/json.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { type MasterEndpoint, originOf } from '../../model/master-endpoint.ts';
import { type DialFailure, dialHttp, type HostPort } from './dial.ts';
import { type FoundMaster, type MasterInfo, type PlaceholderMaster, parseMasterInfo } from './placeholder-master.ts';

/** `untrusted`: the certificate was refused. `unasked`: the pod could not be told to dial. */
export type ReverseFailure = DialFailure | 'untrusted' | 'unasked';

export type ReverseResult =
  | { readonly outcome: 'answered'; readonly latencyMs: number; readonly evidence: string }
  | { readonly outcome: ReverseFailure; readonly seen: string };

/** Sends a request to the sample pod's HTTP server and returns the answer. */
export type AskPod = (path: string, query: Readonly<Record<string, string>>) => Promise<string>;

/** The reverse path needs no programming; a tunnel may need a moment. Each try is a request that ngrok counts. */
export const reverseTries = { pauseMs: 150, forMs: 6_000 } as const;

const askTimeoutMs = 7_000; // agnhost gives up after 5 s

const outcomes: readonly (readonly [RegExp, ReverseFailure])[] = [
  [/connection refused/, 'refused'],
  [/no such host|server misbehaving|lookup /, 'unresolved'],
  [/no route to host|network is unreachable/, 'unreachable'],
  [/timeout|deadline exceeded/i, 'timeout'],
  [/x509|tls: |certificate/, 'untrusted'],
  [/EOF|reset by peer/, 'closed'],
];

/** Classifies the error text of a Go program that dialed. */
export const outcomeOf = (text: string): ReverseFailure =>
  outcomes.find(([pattern]) => pattern.test(text))?.[1] ?? 'wrong';

/** What keeps a connection from being made; of anything else nobody knows that it was not. */
export const neverConnected: readonly ReverseFailure[] = ['refused', 'timeout', 'unreachable'];

/**
 * The query of agnhost's `/dial` for `/info?nonce=...` at the master. It dials addresses over http only, so for a name
 * or https the pod dials itself and is redirected: its HTTP client then resolves the name and does TLS.
 */
export const dialQuery = ({ scheme, host, port }: MasterEndpoint, nonce: string, ownPort: number) => {
  const path = `info?nonce=${nonce}`;
  const plain = scheme === 'http' && isIP(host) > 0;
  const location = `${originOf({ scheme, host, port })}/${path}`;
  return {
    host: plain ? host : '127.0.0.1',
    port: String(plain ? port : ownPort),
    protocol: 'http',
    tries: '1',
    request: plain ? path : `redirect?location=${encodeURIComponent(location)}`,
  };
};

const longestSeen = 400;

const unasked = (message: string): UserError => new UserError(message, { id: 'proof.unasked' });

/** Asks through the API server's pod proxy, or through the gateway if the API server cannot reach the pod. */
export const askPod =
  (
    kube: Kube,
    pod: { readonly namespace: string; readonly name: string; readonly port: number },
    gateway: HostPort,
  ): AskPod =>
  async (path, query) => {
    try {
      return await kube.text(`/api/v1/namespaces/${pod.namespace}/pods/${pod.name}:${pod.port}/proxy${path}`, query);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const dialed = await dialHttp(gateway, askTimeoutMs, `${path}?${new URLSearchParams(query)}`);
      if (dialed.outcome === 'answered') return dialed.answer;
      throw unasked(`through the API server: ${error.message}; through the gateway: ${dialed.seen}`);
    }
  };

type Expectation = {
  readonly nonce: string;
  readonly found: FoundMaster;
  readonly placeholder: PlaceholderMaster | undefined;
};

const judgeInfo = (info: MasterInfo, { nonce, found, placeholder }: Expectation): string | undefined => {
  if (placeholder) {
    const caller = info.nonce === nonce ? placeholder.callers.get(nonce) : undefined;
    return caller && `nonce came back; the placeholder master saw the call from ${caller}`;
  }
  const same = found.kind === 'master' && found.clusterId === info.clusterId;
  return same ? `master ${info.version}, cluster id ${info.clusterId}, the same as seen from this host` : undefined;
};

const wrong = (seen: string): ReverseResult => ({ outcome: 'wrong', seen: `answered ${seen.slice(0, 120)}` });

type DialAnswer = { readonly body?: string; readonly error?: string };

const firstText = (list: unknown): string | undefined => {
  const [first] = itemsOf(list);
  return typeof first === 'string' ? first : undefined;
};

/** Reads what the sample pod answers, which anybody who may change the pod writes; a text that is no JSON is an error. */
export const parseDialAnswer = (text: string): DialAnswer => {
  const answer = parseJson(text);
  if (!isFields(answer)) return { error: text };
  const [body, error] = [firstText(answer.responses), firstText(answer.errors)];
  return { ...(body !== undefined && { body }), ...(error !== undefined && { error }) };
};

const judgeAnswer = (text: string, latencyMs: number, expectation: Expectation): ReverseResult => {
  const { body, error } = parseDialAnswer(text);
  if (error !== undefined) return { outcome: outcomeOf(error), seen: error.slice(0, longestSeen) };
  const info = body === undefined ? undefined : parseMasterInfo(body);
  const evidence = info && judgeInfo(info, expectation);
  return evidence ? { outcome: 'answered', latencyMs, evidence } : wrong(body ?? 'nothing');
};

export type ReverseDial = Omit<Expectation, 'nonce'> & {
  readonly ask: AskPod;
  readonly master: MasterEndpoint;
  /** HTTP port of the pod. */
  readonly ownPort: number;
};

/** Makes the pod dial the master once, with a fresh nonce, and judges the answer. */
export const dialMaster = async ({ ask, master, ownPort, ...expected }: ReverseDial): Promise<ReverseResult> => {
  const nonce = randomUUID();
  const startMs = performance.now();
  try {
    const timeout = pause(askTimeoutMs, undefined, { ref: false }).then(() => {
      throw unasked(`the pod did not answer within ${askTimeoutMs} ms`);
    });
    const text = await Promise.race([ask('/dial', dialQuery(master, nonce, ownPort)), timeout]);
    return judgeAnswer(text, Math.round((performance.now() - startMs) * 10) / 10, { ...expected, nonce });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { outcome: 'unasked', seen: error.message };
  }
};
