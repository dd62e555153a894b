import { setTimeout as pause } from 'node:timers/promises';
import { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext, type ResponseContext } from '@kubernetes/client-node';
import { messageOf, UserError } from '../errors.ts';
import { parseFields } from '../json.ts';
import { readLines, readText } from './answer.ts';
import { openKubeconfig } from './kubeconfig/open.ts';

export type KubeRequest = {
  readonly method?: keyof typeof HttpMethod;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
};

export type KubeResponse = { readonly text: () => Promise<string>; readonly lines: () => AsyncIterable<string> };

/** Sends one request to the API server. Throws {@link KubeError} for an answer that is not 2xx. */
export type KubeHttp = (path: string, request?: KubeRequest) => Promise<KubeResponse>;

/** The API server's refusal: HTTP `code`, `reason` and message as in its `Status` object. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof KubeError && error.code === 404;
export const isConflict = (error: unknown): boolean =>
  error instanceof KubeError && error.code === 409 && error.reason === 'Conflict';

const toKubeError = (code: number, text: string): KubeError => {
  const { reason, message } = parseFields(text);
  const said = typeof message === 'string' ? message : text.trim() || `HTTP ${code}`;
  return new KubeError(code, typeof reason === 'string' ? reason : '', said);
};

/** For requests without a signal; the API server itself ends ordinary requests after a minute. */
const answerTimeoutMs = 60_000;

/** Explains a failed connection: undici's message is only `fetch failed`, the reason is in its cause. */
const unreachable =
  (server: string, signal: AbortSignal | undefined) =>
  (error: unknown): never => {
    if (signal?.aborted) throw error;
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new UserError(`the API server at ${server} does not answer: ${messageOf(reason)}`, {
      id: 'cluster.api',
      hint: 'does the cluster run? see: taskgate status',
      cause: error,
    });
  };

/** As many attempts as client-go makes (rest/request.go). */
const mostTries = 10;

/** The API server wants a second; what stands before an attached one may want days. */
const longestPauseMs = 10_000;

/**
 * How long to wait before the request is retried, as client-go does it: for 429 or 5xx with a Retry-After in seconds. The
 * API server sends that while its storage (re)initializes after a start.
 */
export const retryAfterMs = ({
  httpStatusCode,
  headers,
}: Pick<ResponseContext, 'httpStatusCode' | 'headers'>): number | undefined => {
  const isPassing = httpStatusCode === 429 || httpStatusCode >= 500;
  const seconds = isPassing ? Number.parseInt(headers['retry-after'] ?? '', 10) : Number.NaN;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0) * 1_000, longestPauseMs);
};

/** Sends until the API server no longer asks for a retry. */
const sendWithRetry = async (send: () => Promise<ResponseContext>, signal: AbortSignal): Promise<ResponseContext> => {
  for (let tries = 1; ; tries++) {
    const response = await send();
    const waitMs = retryAfterMs(response);
    if (waitMs === undefined || tries === mostTries) return response;
    // an unread body keeps its connection open
    await readText(response.body.stream());
    await pause(waitMs, undefined, { signal });
  }
};

/**
 * Sends requests to the API server that `kubeContext` (default: the current context) of a kubeconfig names.
 * Throws a UserError when the kubeconfig has no such context, or no address that can be used; see {@link openKubeconfig}.
 */
export const kubeHttp = (kubeconfig: string, kubeContext?: string): KubeHttp => {
  const { config, server, urlOf } = openKubeconfig(kubeconfig, kubeContext);
  const transport = new IsomorphicFetchHttpLibrary();
  return async (path, { method = 'GET', query = {}, body, contentType = 'application/json', signal } = {}) => {
    const context = new RequestContext(urlOf(path), HttpMethod[method]);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) context.setQueryParam(key, value);
    if (body !== undefined) {
      context.setHeaderParam('Content-Type', contentType);
      context.setBody(JSON.stringify(body));
    }
    context.setHeaderParam('Accept', 'application/json');
    const limit = signal ?? AbortSignal.timeout(answerTimeoutMs);
    context.setSignal(limit);
    await config.applySecurityAuthentication(context);
    const send = () => transport.send(context).toPromise();
    const response = await sendWithRetry(send, limit).catch(unreachable(server, signal));
    if (response.httpStatusCode >= 300)
      throw toKubeError(response.httpStatusCode, await readText(response.body.stream()));
    return { text: () => readText(response.body.stream()), lines: () => readLines(response.body.stream()) };
  };
};
