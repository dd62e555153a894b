import { setTimeout as pause } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { UserError } from '../errors.ts';
import { readLines, readText, strange } from './answer.ts';
import { refusalOf } from './error.ts';
import { type OpenedKubeconfig, type OpenOptions, openKubeconfig } from './kubeconfig/open.ts';
import { retryPauseMs } from './retry.ts';
import { unreachable } from './unreachable.ts';

export type KubeRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Told of what a try met, before the next one. The API server may have done that try all the same. */
  readonly onRetry?: (trouble: UserError) => void;
};

export type KubeResponse = { readonly text: () => Promise<string>; readonly lines: () => AsyncIterable<string> };

/** Sends one request to the API server. Throws {@link KubeError} for an answer that is not 2xx. */
export type KubeHttp = (path: string, request?: KubeRequest) => Promise<KubeResponse>;

export type HttpOptions = OpenOptions & {
  /**
   * How long what passes (overload, a restart of etcd, a closed connection) is tried again; 20 s unless given. Who gives it knows
   * that the API server is there: a connection that is not made in time passes too then.
   */
  readonly patienceMs?: number | undefined;
};

/** The API server itself ends ordinary requests after a minute. */
const answerTimeoutMs = 70_000;
const usualPatienceMs = 20_000;

type Sent = Omit<KubeRequest, 'query'> & { readonly path: string; readonly method: NonNullable<KubeRequest['method']> };

type Answer = { readonly code: number; readonly headers: Dispatcher.ResponseData['headers']; readonly body: Body };
type Body = AsyncIterable<Uint8Array> & { readonly dump: () => Promise<void> };

const pathOf = (opened: OpenedKubeconfig, path: string, query: NonNullable<KubeRequest['query']>): string => {
  const { pathname, search } = new URL(opened.urlOf(path));
  const given = new URLSearchParams(search);
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, value);
  return given.size > 0 ? `${pathname}?${given}` : pathname;
};

const exchange = async (opened: OpenedKubeconfig, sent: Sent): Promise<Answer> => {
  const { path, method, body, contentType = 'application/json', signal } = sent;
  const headers = {
    ...(await opened.credentials.headers()),
    Accept: 'application/json',
    ...(body !== undefined && { 'Content-Type': contentType }),
  };
  const limit = AbortSignal.timeout(answerTimeoutMs);
  const request = { path, method, headers, signal: signal ?? limit };
  const answer = await opened.pool().request({ ...request, ...(body !== undefined && { body: JSON.stringify(body) }) });
  return { code: answer.statusCode, headers: answer.headers, body: answer.body as Body };
};

/** With other credentials, if the API server refuses these and there are others. */
const authorized = async (opened: OpenedKubeconfig, sent: Sent): Promise<Answer> => {
  const answer = await exchange(opened, sent);
  if (answer.code !== 401 || !opened.renew()) return answer;
  await answer.body.dump();
  return exchange(opened, sent);
};

const headerOf = ({ headers }: Answer, name: string): string => String(headers[name] ?? '');

/**
 * Throws UserError `cluster.api` for an answer that no API server gives: a login page, a redirect. Of other failures the code counts,
 * whatever the text: load balancers write pages for 502 to 504 while API servers restart, and for a path that is not there.
 */
const verifyOrigin = (answer: Answer): void => {
  const type = headerOf(answer, 'content-type');
  if (answer.code >= 400 && answer.code !== 401 && answer.code !== 403) return;
  if (/^text\/html/i.test(type)) throw strange(`answers HTTP ${answer.code} with a web page`);
  if (answer.code >= 300 && answer.code < 400) {
    throw strange(`redirects to ${headerOf(answer, 'location').slice(0, 80) || 'nowhere'}`);
  }
  const encoding = headerOf(answer, 'content-encoding');
  if (encoding && encoding !== 'identity') throw strange(`answers in ${encoding}, which nobody asked for`);
};

const isWatch = (query: KubeRequest['query'] = {}): boolean => query.watch === 'true';

/** The whole answer, or the stream of a watch. Throws KubeError for a refusal. */
const receive = async (answer: Answer, sent: Sent, isStream: boolean): Promise<KubeResponse> => {
  try {
    verifyOrigin(answer);
  } catch (error) {
    answer.body.dump().catch(() => undefined);
    throw error;
  }
  if (answer.code >= 300) {
    throw refusalOf({ method: sent.method, path: sent.path, code: answer.code, text: await readText(answer.body) });
  }
  if (isStream) return { text: () => readText(answer.body), lines: () => readLines(answer.body) };
  const text = await readText(answer.body);
  return {
    text: async () => text,
    lines: async function* () {
      yield* text.split('\n').filter(Boolean);
    },
  };
};

/** Those whose API server has answered. */
const answering = new WeakSet<OpenedKubeconfig>();

/**
 * Sends requests to the API server that `kubeContext` (default: the current context) of a kubeconfig names, on connections
 * that are kept. What passes is tried again. Throws UserError `cluster.api` where nothing answers, or no API server.
 * Throws a UserError at once when the kubeconfig has no such context, or no address that can be used; see
 * {@link openKubeconfig}.
 */
export const kubeHttp = (kubeconfig: string, kubeContext?: string, options: HttpOptions = {}): KubeHttp => {
  const { patienceMs, ...opening } = options;
  const opened = openKubeconfig(kubeconfig, kubeContext, opening);
  const isThere = () => patienceMs !== undefined || answering.has(opened);
  return async (path, { query = {}, method = 'GET', ...request } = {}) => {
    const sent: Sent = { ...request, method, path: pathOf(opened, path, query) };
    const endsAt = performance.now() + (patienceMs ?? usualPatienceMs);
    for (let tries = 1; ; tries++) {
      let retryAfter: string | undefined;
      try {
        const answer = await authorized(opened, sent);
        answering.add(opened);
        retryAfter = headerOf(answer, 'retry-after');
        return await receive(answer, sent, isWatch(query));
      } catch (error) {
        if (sent.signal?.aborted) throw error;
        const waitMs = retryPauseMs(error, { path, endsAt, isThere: isThere(), tries, retryAfter });
        const trouble = unreachable(opened, error);
        if (waitMs === undefined) throw trouble;
        sent.onRetry?.(trouble);
        await pause(waitMs, undefined, sent.signal && { signal: sent.signal });
      }
    }
  };
};
