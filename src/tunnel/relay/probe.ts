import { createHmac, randomBytes } from 'node:crypto';
import { certificateProblems } from '../../lib/certificate-problems.ts';
import { hasCode } from '../../lib/errors.ts';
import { discardBody, HttpError, type HttpResponse, httpRequest, readBytes } from '../../lib/http/http.ts';
import { originOf, type PublicAddress } from '../../model/master-endpoint.ts';

/** Path of a request that the relay answers itself; it never goes to the master. */
export const probePath = '/.taskgate/probe';
export const probePrefix = `GET ${probePath}?`;

const defaultTimeoutMs = 5_000;
/** Whoever holds the public end could otherwise have this host send requests to itself and its network. */
const neverFollow = { redirect: 'manual' } as const;

const sign = (secret: string, what: 'ask' | 'answer', nonce: string): string =>
  createHmac('sha256', secret).update(`${what} ${nonce}`).digest('hex');

/**
 * A probe that only a relay with the same secret can answer, and that answer. The secret itself is never sent; a probe
 * that was read on the way cannot be used again.
 */
export const makeProbe = (secret: string, nonce: string = randomBytes(16).toString('hex')) => ({
  path: `/.taskgate/probe?nonce=${nonce}&sign=${sign(secret, 'ask', nonce)}`,
  answer: `${nonce} ${sign(secret, 'answer', nonce)}\n`,
});

/** The answer to a request, if it is a probe that was signed with the secret. */
export const findProbeAnswer = (head: string, secret: string): string | undefined => {
  const nonce = /^GET \/\.taskgate\/probe\?nonce=([0-9a-f]{32})&sign=[0-9a-f]{64} HTTP\/1\.[01]\r\n/.exec(head)?.[1];
  if (nonce === undefined) return undefined;
  const { path, answer } = makeProbe(secret, nonce);
  return head.startsWith(`GET ${path} `) ? answer : undefined;
};

/** The problem of TLS, if that is why the request failed. */
const findTlsTrouble = (error: HttpError, origin: string): string | undefined => {
  const certificate = Object.entries(certificateProblems).find(([code]) => hasCode(error.cause, code));
  if (certificate) return `the certificate of ${origin} ${certificate[1]}: tasks would not trust it either`;
  return hasCode(error.cause, 'EPROTO') ? `${origin} does not speak TLS: is the scheme http?` : undefined;
};

const explain = (error: unknown, origin: string): string => {
  if (!(error instanceof HttpError)) throw error;
  const { cause, message } = error;
  const tls = findTlsTrouble(error, origin);
  if (tls) return tls;
  if (hasCode(cause, 'ECONNRESET') || hasCode(cause, 'UND_ERR_SOCKET'))
    return `${origin} accepts the connection and closes it without an answer`;
  return message;
};

export type ProbeOptions = {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** Variables such as HTTPS_PROXY, for a host that reaches the public end through one. */
  readonly proxyEnv?: Readonly<Record<string, string | undefined>>;
  /** PEM text of the authorities to trust instead of the usual ones. */
  readonly ca?: string;
  /** Called unless no connection came about. */
  readonly onSent?: (() => void) | undefined;
};

/** What was answered instead of the nonce: the code of ngrok's own pages, wherever in the page it is, and the page's beginning. */
const describeForeign = ({ status, headers }: HttpResponse, text: string): string => {
  const code = [headers['ngrok-error-code'], text].map((one) => /ERR_NGROK_\w+/.exec(String(one))?.[0]).find(Boolean);
  const seen = code ? `a page of ngrok, ${code}` : 'something else is behind this address';
  const shown = code ? (/<noscript>([^<]*)<\/noscript>/.exec(text)?.[1] ?? text) : text;
  return `answers ${status} without the nonce: ${seen} (${shown.slice(0, code ? 200 : 80).trim()})`;
};

/**
 * Sends a fresh nonce to the public end of a tunnel: `true` when it came back through the relay, otherwise what was seen
 * instead. Works without a master behind the relay. Throws the signal's reason when aborted.
 */
export const probePublicEnd = async (
  address: PublicAddress,
  secret: string,
  { signal, timeoutMs = defaultTimeoutMs, onSent = () => undefined, ...http }: ProbeOptions,
): Promise<string | true> => {
  const { path, answer } = makeProbe(secret);
  const origin = originOf(address);
  const late = AbortSignal.timeout(timeoutMs);
  const both = AbortSignal.any([signal, late]);
  try {
    const headers = { 'user-agent': 'taskgate' };
    const options = {
      ...http,
      ...neverFollow,
      headers,
      signal: both,
      connectTimeoutMs: timeoutMs,
      stallTimeoutMs: timeoutMs,
    };
    const response = await httpRequest(origin + path, options);
    onSent();
    const text = (await readBytes(response, both, 100_000)).toString();
    if (text === answer) return true;
    return `${origin} ${describeForeign(response, text)}`;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HttpError && error.trouble === 'unreachable')) onSent();
    return late.aborted ? `${origin} gave no answer within ${timeoutMs / 1_000}s` : explain(error, origin);
  }
};

/**
 * Checks the TLS of a user-supplied master URL, the only part of it that can be tested from this host: nothing may listen
 * there yet, or only the cluster may reach it.
 */
export const findUrlTrouble = async (
  address: PublicAddress,
  { signal, timeoutMs = defaultTimeoutMs, ...http }: ProbeOptions,
): Promise<string | undefined> => {
  const origin = originOf(address);
  try {
    const limits = { connectTimeoutMs: timeoutMs, stallTimeoutMs: timeoutMs };
    discardBody(await httpRequest(`${origin}/info`, { ...http, ...limits, ...neverFollow, signal }));
    return undefined;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return findTlsTrouble(error, origin);
  }
};
