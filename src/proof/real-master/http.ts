import { certificateProblems } from '../../lib/certificate-problems.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { HttpError, httpRequest, readBytes } from '../../lib/http/http.ts';

export type MasterAnswer = {
  readonly status: number;
  readonly text: string;
  /** Of a redirect, which is never followed. */
  readonly location?: string;
};

export type MasterRequest = {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly token?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/** Sends one request to a master. Throws UserError `proof.master-*` when no answer comes. */
export type MasterHttp = (path: string, request: MasterRequest) => Promise<MasterAnswer>;

const longestAnswerBytes = 4e6;

type Explained = { readonly id: UserError['id'] & `proof.${string}`; readonly seen: string; readonly hint: string };

const explanations: readonly (readonly [RegExp, (url: URL) => Explained])[] = [
  [
    new RegExp(Object.keys(certificateProblems).join('|')),
    () => ({
      id: 'proof.master-untrusted',
      seen: 'its certificate is not trusted here',
      hint: 'name its CA file in NODE_EXTRA_CA_CERTS, or use the host name of the certificate',
    }),
  ],
  [
    // OpenSSL reads the answer of a plain server as a record of a version that it does not know
    /EPROTO|ERR_SSL_|WRONG_VERSION/,
    ({ host }) => ({ id: 'proof.master-scheme', seen: 'it does not speak TLS', hint: `try http://${host}` }),
  ],
  [
    /HPE_|HTTPParserError|ECONNRESET|UND_ERR_SOCKET/,
    ({ protocol, host }) => ({
      id: 'proof.master-scheme',
      // a master chooses by the first bytes of a connection, and closes one that is neither HTTP nor gRPC
      seen: 'it closes the connection, or answers something other than HTTP',
      hint: protocol === 'http:' ? `is it TLS? try https://${host}` : `is it plain HTTP? try http://${host}`,
    }),
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    () => ({ id: 'proof.master-unreachable', seen: 'its name does not resolve', hint: 'correct the host name' }),
  ],
  [
    /ECONNREFUSED/,
    () => ({
      id: 'proof.master-unreachable',
      seen: 'nothing listens there',
      hint: 'start the master, or correct the port',
    }),
  ],
];

/** undici's HTTPParserError mostly comes without its code. */
const codesOf = (error: unknown): string => {
  const parts = error instanceof AggregateError ? error.errors : [error];
  return parts.map((part) => (part instanceof Error && 'code' in part ? String(part.code ?? part.name) : '')).join(' ');
};

/** Explains why a request got no answer. */
export const explainNoAnswer = (url: URL, error: unknown): UserError => {
  const codes = codesOf(error);
  const [, explain] = explanations.find(([pattern]) => pattern.test(codes)) ?? [];
  const fallback = { id: 'proof.master-unreachable', seen: messageOf(error), hint: 'can this host reach it?' } as const;
  const { id, seen, hint } = explain?.(url) ?? fallback;
  return new UserError(`master ${url.origin}: ${seen}${codes.trim() ? ` (${codes.trim()})` : ''}`, {
    id,
    hint,
    cause: error,
  });
};

const send = async (url: URL, request: MasterRequest, signal: AbortSignal): Promise<MasterAnswer> => {
  const { method = 'GET', body, token, timeoutMs } = request;
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const response = await httpRequest(url, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    redirect: 'manual',
    signal,
    connectTimeoutMs: timeoutMs,
    stallTimeoutMs: timeoutMs,
  });
  const bytes = await readBytes(response, signal, longestAnswerBytes);
  const { location } = response.headers;
  return { status: response.status, text: bytes.toString(), ...(location && { location }) };
};

/** Requests to one master, each on a connection of its own. */
export const masterHttp =
  (master: URL): MasterHttp =>
  async (path, request) => {
    const { timeoutMs, signal } = request;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await send(new URL(path, master), request, AbortSignal.any([signal, limit]));
    } catch (error) {
      signal.throwIfAborted();
      const late = new Error(`no answer to ${path} within ${Math.round(timeoutMs / 1000)} s`);
      const reason = error instanceof HttpError ? (error.cause ?? error) : error;
      throw explainNoAnswer(master, limit.aborted ? late : reason);
    }
  };
