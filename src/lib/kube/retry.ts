import { type Backoff, delayMs } from '../backoff.ts';
import { KubeError } from './error.ts';

/** As many attempts as client-go makes where the API server names a pause (rest/request.go). */
const mostTries = 10;
/** A request may take the API server longer than all patience, since it ends requests after a minute. */
const fewestTries = 3;
/** The API server wants a second; what stands before an attached one may want days. */
const longestPauseMs = 10_000;
const ownPauses: Backoff = { firstMs: 100, longestMs: 5_000 };

export type Attempt = {
  readonly path: string;
  /** Whether the API server is known to be there: it has answered before, or the caller says so. */
  readonly isThere: boolean;
  /** By `performance.now()`. */
  readonly endsAt: number;
  readonly tries: number;
  readonly retryAfter?: string | undefined;
};

/** Overload, a gateway or storage that does not answer in time: nothing that the request could have caused. */
const isPassing = (error: KubeError): boolean =>
  [429, 502, 503, 504].includes(error.code) ||
  (error.code === 500 && /etcdserver: |etcdclient: |storage is \(re\)initializing|leader changed/.test(error.message));

/** The other side ended a connection: one that was kept, or the API server restarts. */
const isClosed = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'].includes(String(error.code));

/** No connection or no answer in time: an API server that is there is too busy; another address is wrong. */
const isLate = (error: unknown): boolean =>
  error instanceof Error && (('code' in error && error.code === 'ETIMEDOUT') || error.name === 'TimeoutError');

/** Pods and nodes behind the API server's proxy: their answers, and 503 for one that is not there. */
const isRelayed = (path: string): boolean => /\/(pods|services|nodes)\/[^/]+\/proxy(\/|$)/.test(path);

const askedPauseMs = ({ code }: KubeError, retryAfter = ''): number | undefined => {
  const seconds = code === 429 || code >= 500 ? Number.parseInt(retryAfter, 10) : Number.NaN;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0) * 1_000, longestPauseMs);
};

/**
 * How long to wait before a request is sent again; undefined if its failure is final. A pause that the API server asks for
 * (Retry-After) counts for ten tries, as in client-go. What passes is tried again until the patience ends, and twice whatever
 * the time; silence only until the patience ends. What was tried may have been done already: its sender judges a 409 or 404
 * that follows by `onRetry`.
 */
export const retryPauseMs = (error: unknown, attempt: Attempt): number | undefined => {
  const { path, isThere, endsAt, tries, retryAfter } = attempt;
  const asked = error instanceof KubeError ? askedPauseMs(error, retryAfter) : undefined;
  if (asked !== undefined && tries < mostTries) return asked;
  if (isRelayed(path)) return undefined;
  const isOver = performance.now() > endsAt;
  const passes = error instanceof KubeError ? isPassing(error) : isClosed(error);
  const isFinal = passes ? isOver && tries >= fewestTries : isOver || !isThere || !isLate(error);
  if (isFinal) return undefined;
  return delayMs(ownPauses, tries - 1);
};
